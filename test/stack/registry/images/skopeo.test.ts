import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { InputError } from '../../../../lib/base/errors/input-error.ts';
import {
  formatDockerReference,
  isNameOnly,
  parseDockerReference,
} from '../../../../lib/base/names/docker-reference.ts';
import { prepareKeyring } from '../../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { openDirectoryImage } from '../../../../lib/registry/images/open-local-image.ts';
import { parsePolicyJson } from '../../../../lib/trust/policy/parse-policy-json.ts';
import { remapReference } from '../../../../lib/trust/policy/signed-identity.ts';
import { readVectors, type Vector } from '../../../conformance/read-vectors.ts';
import { runVectors } from '../../../conformance/run-vectors.ts';
import { createScratch, verify } from '../../../registry/images/image-setup.ts';
import { askSkopeo, readSkopeoVersion } from '../../../registry/images/skopeo-copy.ts';
import { findTool } from '../../../support/tools.ts';

const VECTORS = process.env['SIGNET_VECTORS'];
const KINDS = ['verify-manifest-signature', 'requirement-eval', 'policy-eval'];

/** Cases that skopeo cannot be asked: why, by name. */
const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ['eval-no-manifest', 'without a manifest the copy ends before the policy is asked'],
  ['manifest-invalid-expected-reference-one', 'no policy can hold an identity that is no reference'],
  ['manifest-invalid-expected-reference-list', 'no policy can hold an identity that is no reference'],
]);
/** Where this skopeo answers otherwise, as the vectors record of the tool. */
const DISAGREES: ReadonlyMap<string, string> = new Map([
  ['extract-subkey', 'Debian’s skopeo refuses signatures by subkeys'],
]);

const Requirement = v.looseObject({ type: v.string() });
type Content = v.InferOutput<typeof Requirement>;
const Policy = v.looseObject({
  default: v.array(Requirement),
  transports: v.looseObject({ docker: v.record(v.string(), v.array(Requirement)) }),
});
const Inputs = v.looseObject({
  dockerReference: v.string(),
  imageDirectory: v.optional(v.string()),
  requirement: v.optional(Requirement),
  policy: v.optional(v.string()),
  manifest: v.optional(v.string()),
  signature: v.optional(v.string()),
  keyrings: v.optional(v.array(v.string())),
  acceptedFingerprints: v.optional(v.array(v.string())),
});

const scratch = createScratch();
afterAll(() => scratch.remove());

/** The image and the policy of a case, with absolute paths and an identity that a nameless image can have. */
async function writeCase({ inputs, root }: Vector): Promise<{ image: string; policyFile: string }> {
  const given = v.parse(Inputs, inputs);
  const directory = await scratch.directory();
  const image = path.join(directory, 'image');
  if (given.imageDirectory === undefined) {
    await mkdir(image);
    await copyFile(path.join(root, given.manifest ?? ''), path.join(image, 'manifest.json'));
    await copyFile(path.join(root, given.signature ?? ''), path.join(image, 'signature-1'));
  } else {
    await cp(path.join(root, given.imageDirectory), image, { recursive: true });
  }
  const requirements = await readRequirements(given, root);
  const policy = { default: requirements.map((each) => rewrite(each, given.dockerReference, root)) };
  const policyFile = path.join(directory, 'policy.json');
  await writeFile(policyFile, JSON.stringify(policy));
  return { image, policyFile };
}

async function readRequirements(given: v.InferOutput<typeof Inputs>, root: string): Promise<readonly Content[]> {
  if (given.requirement !== undefined) return [given.requirement];
  if (given.policy !== undefined) {
    const policy = v.parse(Policy, JSON.parse(await readFile(path.join(root, given.policy), 'utf8')));
    const scope = formatDockerReference(parseDockerReference(given.dockerReference));
    return policy.transports.docker[scope] ?? policy.default;
  }
  if (given.acceptedFingerprints?.length === 0) return [{ type: 'reject' }];
  const [keyring = ''] = given.keyrings ?? [];
  const identity = hasNoTag(given.dockerReference) ? 'matchRepository' : 'matchExact';
  return [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: keyring, signedIdentity: { type: identity } }];
}

function rewrite(requirement: Content, reference: string, root: string): Content {
  if (requirement.type !== 'signedBy') return requirement;
  const { keyPath, keyPaths, signedIdentity, ...rest } = requirement;
  const absolute = (file: unknown): string => path.join(root, v.parse(v.string(), file));
  const key = Array.isArray(keyPaths) ? { keyPaths: keyPaths.map(absolute) } : toKeyPath(keyPath, absolute);
  return { ...rest, ...key, signedIdentity: toNamedIdentity(signedIdentity, reference) };
}

function toKeyPath(keyPath: unknown, absolute: (file: unknown) => string): object {
  return keyPath === undefined ? {} : { keyPath: absolute(keyPath) };
}

/** `dir:` images have no name, so each identity is written as what it comes to for the name of the case. */
function toNamedIdentity(identity: unknown, reference: string): object {
  const { type, prefix, signedPrefix, ...fields } = v.parse(
    v.looseObject({ type: v.string(), prefix: v.optional(v.string(), ''), signedPrefix: v.optional(v.string(), '') }),
    identity ?? { type: 'matchRepoDigestOrExact' },
  );
  const exact = (text: string) => ({ type: 'exactReference', dockerReference: text });
  switch (type) {
    case 'matchExact':
      return exact(reference);
    case 'matchRepository':
      return { type: 'exactRepository', dockerRepository: parseNameOrText(reference) };
    case 'matchRepoDigestOrExact':
      return reference.includes('@')
        ? { type: 'exactRepository', dockerRepository: parseNameOrText(reference) }
        : exact(reference);
    case 'remapIdentity':
      return exact(formatDockerReference(remapReference({ prefix, signedPrefix }, parseDockerReference(reference))));
    default:
      return { type, ...fields };
  }
}

function hasNoTag(reference: string): boolean {
  return parseNameOrText(reference) === reference || isNameOnly(parseDockerReference(reference));
}

/** A reference that is none stays as it is: skopeo is to refuse it itself. */
function parseNameOrText(reference: string): string {
  try {
    return parseDockerReference(reference).name;
  } catch (error) {
    if (error instanceof InputError) return reference;
    throw error;
  }
}

/** The answer of Signet to the very policy and directory that skopeo is given. */
async function askSignet(policyFile: string, image: string): Promise<'accept' | 'reject'> {
  try {
    const policy = parsePolicyJson(policyFile, await readFile(policyFile, 'utf8'));
    const { outcome } = await verify(await openDirectoryImage(image), policy, {
      async keys(key) {
        const bytes = key.kind === 'data' ? key.bytes : await readKeyFile(key.path);
        return (await prepareKeyring('policy', bytes)).keyring;
      },
    });
    return outcome === 'accepted' ? 'accept' : 'reject';
  } catch (error) {
    if (error instanceof Error && ['ConfigurationError', 'InputError'].includes(error.name)) return 'reject';
    throw error;
  }
}

async function readKeyFile(file: string): Promise<Uint8Array> {
  return await readFile(file).catch((cause: unknown) => {
    throw new InputError('FileUnreadable', `${file} cannot be read`, { cause });
  });
}

const program = findTool('skopeo');
if (program === undefined || VECTORS === undefined || !existsSync(VECTORS)) {
  const why = program === undefined ? 'skopeo is not installed' : 'SIGNET_VECTORS names no set';
  test.skip(`the same answers as skopeo: ${why}, so nothing was compared`, () => undefined);
} else {
  const vectors = (await readVectors(VECTORS)).filter(
    ({ area, kind }) => KINDS.includes(kind) && (area === 'policy' || area === 'openpgp'),
  );
  describe(`the same answers as ${await readSkopeoVersion(program)}`, () => {
    test('there are cases to compare', () => expect(vectors.length).toBeGreaterThan(40));

    test.each(vectors.map((vector) => [vector.name, vector] as const))('%s', async (name, vector) => {
      const { image, policyFile } = await writeCase(vector);
      const skopeo = await askSkopeo(program, policyFile, image, path.join(await scratch.directory(), 'copy'));
      const signet = await askSignet(policyFile, image);
      const [own] = await runVectors([vector]);
      expect(own?.status).toBe('passed');
      expect(signet).toBe(vector.expected);
      if (NOT_RUN.has(name)) expect(skopeo).toBe('not run');
      else if (DISAGREES.has(name)) expect(skopeo).not.toBe(signet);
      else expect(skopeo).toBe(signet);
    });
  });
}

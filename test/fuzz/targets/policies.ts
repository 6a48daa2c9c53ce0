import { hash } from 'node:crypto';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import type { ImageSource } from '../../../lib/registry/images/image-source.ts';
import { parsePolicyJson } from '../../../lib/trust/policy/parse-policy-json.ts';
import { decideByPolicy } from '../../../lib/verdict/decide/decide-by-policy.ts';
import type { Draw } from '../draw.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateTree, toTree } from '../mutate/json-tree.ts';
import { mutateNestedText } from '../mutate/nested-text.ts';
import { writeTree } from '../mutate/write-tree.ts';
import { type PolicySeeds, readSeeds } from '../seeds/read-seeds.ts';
import { type FuzzTarget, GENUINE, type OpenTarget, type Outcome, REFUSED } from '../target.ts';
import { createPolicyOracle } from './policy-oracle.ts';
import { KEY_PATHS, makePolicies } from './policy-texts.ts';

const NOW = new Date('2026-11-22T00:00:00Z');

/**
 * Policies of nodes, and the decision by each about one signed image. What is accepted has to be accepted by a second
 * reading of the policy too.
 *
 * @param parse a test passes one that accepts too much, or throws
 */
export function createPolicies(parse: typeof parsePolicyJson = parsePolicyJson): FuzzTarget {
  return {
    name: 'policies',
    summary: 'policy.json, and what it decides about a signed image',
    open: async () => openPolicies(parse),
  };
}

function openPolicies(parse: typeof parsePolicyJson): OpenTarget {
  const seeds = readSeeds('policies');
  const policies = makePolicies(seeds);
  const trees = policies.map((policy) => toTree(JSON.parse(JSON.stringify(policy))));
  const texts = policies.map((policy) => Buffer.from(JSON.stringify(policy)));
  const manifest = Buffer.from(seeds.manifest, 'base64');
  const digest = parseDigest(`sha256:${hash('sha256', manifest)}`);
  const source = openSource(seeds, manifest);
  const files = readFiles(seeds);
  const mayAccept = createPolicyOracle(seeds, digest);
  const { signal } = new AbortController();
  const readFile = async (path: string): Promise<Uint8Array> => {
    const file = files.get(path);
    if (file === undefined) throw new InputError('FileUnreadable', `${path} cannot be read`);
    return file;
  };

  const check = async (input: Uint8Array): Promise<Outcome> => {
    const text = Buffer.from(input).toString();
    try {
      const { outcome } = await decideByPolicy({
        source,
        policy: parse('policy.json', text),
        keys: async (key) =>
          (await prepareKeyring('key', key.kind === 'data' ? key.bytes : await readFile(key.path))).keyring,
        sigstore: { readFile, bundleIdentity: 'refuse' },
        now: NOW,
        signal,
      });
      if (outcome !== 'accepted') return REFUSED;
      if (await mayAccept(JSON.parse(text))) return GENUINE;
      return { kind: 'wrong accept', detail: `accepted by ${text.slice(0, 1000)}` };
    } catch (error) {
      if (error instanceof ConfigurationError || error instanceof InputError) return REFUSED;
      throw error;
    }
  };
  const make = (draw: Draw): Uint8Array => {
    if (draw.once(8)) return mutateBytes(draw, draw.pick(texts), texts);
    let tree = draw.pick(trees);
    for (let edits = draw.below(3); edits >= 0; edits--) tree = mutateTree(draw, tree, trees, mutateNestedText);
    return Buffer.from(writeTree(draw, tree));
  };
  return { make, check };
}

function openSource({ repository, signatures }: PolicySeeds, manifest: Uint8Array): ImageSource {
  const digest = parseDigest(`sha256:${hash('sha256', manifest)}`);
  const blobs = signatures.map((bytes) => Buffer.from(bytes, 'base64'));
  return {
    description: `docker://${repository}@${digest}`,
    image: { transport: 'docker', reference: { name: repository, tag: undefined, digest } },
    readManifest: async () => manifest,
    readSignatures: async function* () {
      for (const [at, bytes] of blobs.entries())
        yield { kind: 'signature', store: 'seeds', location: `signature ${at + 1}`, untrustedBytes: bytes };
    },
  };
}

function readFiles({ sigstoreKeys, openpgpKeys }: PolicySeeds): ReadonlyMap<string, Uint8Array> {
  return new Map([
    [KEY_PATHS.sigstore, Buffer.from(sigstoreKeys.good)],
    [KEY_PATHS.otherSigstore, Buffer.from(sigstoreKeys.other)],
    [KEY_PATHS.openpgp, Buffer.from(openpgpKeys.good, 'base64')],
    [KEY_PATHS.otherOpenpgp, Buffer.from(openpgpKeys.other, 'base64')],
  ]);
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { formatDockerReference, parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { indexKeyring, type PreparedKeyring } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { parseSignedMessage } from '../../../lib/crypto/openpgp/messages/signed-message.ts';
import { manifestDigest } from '../../../lib/registry/images/manifest-digest.ts';
import { openDirectoryImage } from '../../../lib/registry/images/open-local-image.ts';
import type { ImagePolicy } from '../../../lib/trust/policy/image-policy.ts';
import { parsePolicyJson } from '../../../lib/trust/policy/parse-policy-json.ts';
import { parsePolicyRequirement } from '../../../lib/trust/policy/parse-policy-requirement.ts';
import { PolicyError } from '../../../lib/trust/policy/policy-members.ts';
import type { KeySource, PolicyRequirement } from '../../../lib/trust/policy/policy-requirement.ts';
import { decideByPolicy } from '../../../lib/verdict/decide/decide-by-policy.ts';
import { verifyDigest, verifySignedPayload } from '../../../lib/verdict/judge/verify-signature.ts';
import type { KindRunner } from '../kinds.ts';
import type { Vector } from '../read-vectors.ts';
import { VectorRejected } from '../vector-rejected.ts';
import { VECTOR_TIME } from '../vector-time.ts';

const ManifestSignature = v.looseObject({
  signature: v.string(),
  keyrings: v.array(v.string()),
  manifest: v.string(),
  dockerReference: v.string(),
  acceptedFingerprints: v.array(v.string()),
});
const Image = v.looseObject({ imageDirectory: v.string(), dockerReference: v.string() });

export const verifyManifestSignature: KindRunner = async ({ inputs, root }) => {
  const given = v.parse(ManifestSignature, inputs);
  const expected = formatDockerReference(parseDockerReference(given.dockerReference));
  const certificates = [];
  for (const file of given.keyrings) {
    const { keyring } = await prepareKeyring(file, await readFile(path.join(root, file)));
    certificates.push(...keyring.certificates);
  }
  const message = parseSignedMessage(await readFile(path.join(root, given.signature)));
  const signed = verifySignedPayload(message, indexKeyring({ name: 'vector', certificates }), 'strict', VECTOR_TIME);
  const { signer, signedReference, digest } = signed;
  if (!given.acceptedFingerprints.includes(signer)) throw new VectorRejected(`${signer} is not accepted`);
  verifyDigest(digest, toDigest(await readFile(path.join(root, given.manifest))));
  if (formatDockerReference(parseDockerReference(signedReference)) !== expected) {
    throw new VectorRejected(`signed for ${signedReference}`);
  }
  return { signedReference, digest, key: signer };
};

export const requirementEval: KindRunner = async (vector) => {
  const { requirement } = v.parse(v.looseObject({ requirement: v.unknown() }), vector.inputs);
  return await judge(vector, { default: [toRequirement(requirement)], transports: new Map() });
};

export const policyEval: KindRunner = async (vector) => {
  const { policy } = v.parse(v.looseObject({ policy: v.string() }), vector.inputs);
  return await judge(vector, parsePolicyJson(policy, await readFile(path.join(vector.root, policy), 'utf8')));
};

/** The image of a directory, by the name that the case gives it. */
async function judge({ inputs, root }: Vector, policy: ImagePolicy): Promise<Readonly<Record<string, unknown>>> {
  const { imageDirectory, dockerReference } = v.parse(Image, inputs);
  const reference = parseDockerReference(dockerReference);
  const directory = await openDirectoryImage(path.join(root, imageDirectory));
  const { outcome, requirements } = await decideByPolicy({
    source: { ...directory, image: { transport: 'docker', reference } },
    policy,
    keys: (source) => readKeyring(root, source),
    now: new Date(VECTOR_TIME * 1000),
    signal: new AbortController().signal,
  });
  if (outcome !== 'accepted') throw new VectorRejected(JSON.stringify(requirements));
  return {};
}

async function readKeyring(root: string, source: KeySource): Promise<PreparedKeyring> {
  const bytes = source.kind === 'data' ? source.bytes : await readKeyFile(path.join(root, source.path));
  return (await prepareKeyring('vector', bytes)).keyring;
}

async function readKeyFile(file: string): Promise<Uint8Array> {
  return await readFile(file).catch((cause: unknown) => {
    throw new VectorRejected(`${file} cannot be read`, { cause });
  });
}

function toRequirement(content: unknown): PolicyRequirement {
  try {
    return parsePolicyRequirement(content, []);
  } catch (cause) {
    if (cause instanceof PolicyError) throw new VectorRejected(cause.message, { cause });
    throw cause;
  }
}

function toDigest(manifest: Uint8Array): ReturnType<typeof manifestDigest> {
  try {
    return manifestDigest(manifest);
  } catch (cause) {
    if (cause instanceof StoreError) throw new VectorRejected(cause.message, { cause });
    throw cause;
  }
}

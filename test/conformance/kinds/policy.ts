import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { formatDockerReference, parseDockerReference } from '../../../lib/image-policy/docker-reference.ts';
import { findRequirements } from '../../../lib/image-policy/find-requirements.ts';
import { matchesIdentity } from '../../../lib/image-policy/matches-identity.ts';
import { parsePolicyJson } from '../../../lib/image-policy/parse-policy-json.ts';
import { parsePolicyRequirement } from '../../../lib/image-policy/parse-policy-requirement.ts';
import { parseSignedIdentity } from '../../../lib/image-policy/parse-signed-identity.ts';
import { PolicyError } from '../../../lib/image-policy/policy-error.ts';
import { listScopes, type PolicyImage } from '../../../lib/image-policy/policy-image.ts';
import { hasPrefix, remapReference } from '../../../lib/image-policy/remap-reference.ts';
import type { SignedIdentity } from '../../../lib/image-policy/signed-identity.ts';
import { parseStrictJson } from '../../../lib/json/parse-strict-json.ts';
import { StrictJsonError } from '../../../lib/json/strict-json-error.ts';
import type { KindRunner } from '../kinds.ts';
import { VectorRejected } from '../vector-rejected.ts';

const Text = z.looseObject({ text: z.string() });
const Reference = z.looseObject({ reference: z.string() });

export const policyJson: KindRunner = ({ inputs }) => {
  parsePolicyJson('policy.json', Text.parse(inputs).text);
  return {};
};

export const requirementJson: KindRunner = ({ inputs }) => readPart(inputs, parsePolicyRequirement);

export const referenceMatchJson: KindRunner = ({ inputs }) => readPart(inputs, parseSignedIdentity);

/** A part of a policy alone, which has no document to name in an error. */
function readPart(inputs: unknown, parse: (content: unknown, path: readonly string[]) => object) {
  try {
    return { ...parse(parseStrictJson(Text.parse(inputs).text), []) };
  } catch (error) {
    if (!(error instanceof PolicyError || error instanceof StrictJsonError)) throw error;
    throw new VectorRejected(error.message);
  }
}

const Match = z.looseObject({
  type: z.string(),
  signedReference: z.string(),
  imageReference: z.string().nullable().optional(),
});
const Identity: z.ZodType<SignedIdentity> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('matchExact') }),
  z.object({ type: z.literal('matchRepoDigestOrExact') }),
  z.object({ type: z.literal('matchRepository') }),
  z.object({ type: z.literal('exactReference'), dockerReference: z.string() }),
  z.object({ type: z.literal('exactRepository'), dockerRepository: z.string() }),
  z.object({ type: z.literal('remapIdentity'), prefix: z.string(), signedPrefix: z.string() }),
]);

/** Identities are taken as they are: some cases hold one that no policy could. */
export const match: KindRunner = ({ inputs }) => {
  const { signedReference, imageReference } = Match.parse(inputs);
  const image = typeof imageReference === 'string' ? parseDockerReference(imageReference) : undefined;
  if (!matchesIdentity(Identity.parse(inputs), image, signedReference)) throw new VectorRejected('no match');
  return {};
};

export const remapPrefixMatch: KindRunner = ({ inputs }) => {
  const { reference, prefix } = Reference.extend({ prefix: z.string() }).parse(inputs);
  if (!hasPrefix(prefix, parseDockerReference(reference))) throw new VectorRejected('another prefix');
  return {};
};

export const remap: KindRunner = ({ inputs }) => {
  const { reference, ...remapping } = Reference.extend({ prefix: z.string(), signedPrefix: z.string() }).parse(inputs);
  return { reference: formatDockerReference(remapReference(remapping, parseDockerReference(reference))) };
};

export const scopeLookup: KindRunner = ({ inputs }) => {
  const reference = parseDockerReference(Reference.parse(inputs).reference);
  const [identity, ...namespaces] = listScopes({ transport: 'docker', reference });
  return { identity, namespaces };
};

export const parseReferenceKind: KindRunner = ({ inputs }) => ({
  normalized: formatDockerReference(parseDockerReference(Reference.parse(inputs).reference)),
});

const Lookup = Reference.extend({ policy: z.string(), transport: z.enum(['atomic', 'dir', 'docker']) });

export const requirementsLookup: KindRunner = async ({ inputs, root }) => {
  const { policy, transport, reference } = Lookup.parse(inputs);
  const parsed = parsePolicyJson(policy, await readFile(path.join(root, policy), 'utf8'));
  const { scope } = findRequirements(parsed, toImage(transport, reference));
  return { scope: scope === 'default' ? null : `${scope.transport}:${scope.scope}` };
};

function toImage(transport: 'atomic' | 'dir' | 'docker', reference: string): PolicyImage {
  if (transport === 'dir') return { transport, path: `/${reference}` };
  return { transport, reference: parseDockerReference(reference) };
}

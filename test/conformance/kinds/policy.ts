import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { parseStrictJson, StrictJsonError } from '../../../lib/base/documents/parse-strict-json.ts';
import { formatDockerReference, parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { findRequirements, listScopes, type PolicyImage } from '../../../lib/trust/policy/image-policy.ts';
import { parsePolicyJson } from '../../../lib/trust/policy/parse-policy-json.ts';
import { parsePolicyRequirement } from '../../../lib/trust/policy/parse-policy-requirement.ts';
import { PolicyError } from '../../../lib/trust/policy/policy-members.ts';
import {
  matchesIdentity,
  parseSignedIdentity,
  remapReference,
  type SignedIdentity,
} from '../../../lib/trust/policy/signed-identity.ts';
import type { KindRunner } from '../kinds.ts';
import { VectorRejected } from '../vector-rejected.ts';

const Text = v.looseObject({ text: v.string() });
const Reference = v.looseObject({ reference: v.string() });

export const policyJson: KindRunner = ({ inputs }) => {
  parsePolicyJson('policy.json', v.parse(Text, inputs).text);
  return {};
};

export const requirementJson: KindRunner = ({ inputs }) => readPart(inputs, parsePolicyRequirement);

export const referenceMatchJson: KindRunner = ({ inputs }) => readPart(inputs, parseSignedIdentity);

/** A part of a policy alone, which has no document to name in an error. */
function readPart(inputs: unknown, parse: (content: unknown, path: readonly string[]) => object) {
  try {
    return { ...parse(parseStrictJson(v.parse(Text, inputs).text), []) };
  } catch (error) {
    if (!(error instanceof PolicyError || error instanceof StrictJsonError)) throw error;
    throw new VectorRejected(error.message);
  }
}

const Match = v.looseObject({
  type: v.string(),
  signedReference: v.string(),
  imageReference: v.nullish(v.string()),
});
const Identity: v.GenericSchema<unknown, SignedIdentity> = v.variant('type', [
  v.object({ type: v.literal('matchExact') }),
  v.object({ type: v.literal('matchRepoDigestOrExact') }),
  v.object({ type: v.literal('matchRepository') }),
  v.object({ type: v.literal('exactReference'), dockerReference: v.string() }),
  v.object({ type: v.literal('exactRepository'), dockerRepository: v.string() }),
  v.object({ type: v.literal('remapIdentity'), prefix: v.string(), signedPrefix: v.string() }),
]);

/** Identities are taken as they are: some cases hold one that no policy could. */
export const match: KindRunner = ({ inputs }) => {
  const { signedReference, imageReference } = v.parse(Match, inputs);
  const image = typeof imageReference === 'string' ? parseDockerReference(imageReference) : undefined;
  if (!matchesIdentity(v.parse(Identity, inputs), image, signedReference)) throw new VectorRejected('no match');
  return {};
};

export const remapPrefixMatch: KindRunner = ({ inputs }) => {
  const { reference, prefix } = v.parse(v.looseObject({ ...Reference.entries, prefix: v.string() }), inputs);
  const parsed = parseDockerReference(reference);
  // A reference with the prefix is renamed, and any other is left unchanged.
  const { name } = remapReference({ prefix, signedPrefix: 'renamed.test/by' }, parsed);
  if (name === parsed.name) throw new VectorRejected('another prefix');
  return {};
};

export const remap: KindRunner = ({ inputs }) => {
  const { reference, ...remapping } = v.parse(
    v.looseObject({ ...Reference.entries, prefix: v.string(), signedPrefix: v.string() }),
    inputs,
  );
  return { reference: formatDockerReference(remapReference(remapping, parseDockerReference(reference))) };
};

export const scopeLookup: KindRunner = ({ inputs }) => {
  const reference = parseDockerReference(v.parse(Reference, inputs).reference);
  const [identity, ...namespaces] = listScopes({ transport: 'docker', reference });
  return { identity, namespaces };
};

export const parseReferenceKind: KindRunner = ({ inputs }) => ({
  normalized: formatDockerReference(parseDockerReference(v.parse(Reference, inputs).reference)),
});

const Lookup = v.looseObject({
  ...Reference.entries,
  policy: v.string(),
  transport: v.picklist(['atomic', 'dir', 'docker']),
});

export const requirementsLookup: KindRunner = async ({ inputs, root }) => {
  const { policy, transport, reference } = v.parse(Lookup, inputs);
  const parsed = parsePolicyJson(policy, await readFile(path.join(root, policy), 'utf8'));
  const { scope } = findRequirements(parsed, toImage(transport, reference));
  return { scope: scope === 'default' ? null : `${scope.transport}:${scope.scope}` };
};

function toImage(transport: 'atomic' | 'dir' | 'docker', reference: string): PolicyImage {
  if (transport === 'dir') return { transport, path: `/${reference}` };
  return { transport, reference: parseDockerReference(reference) };
}

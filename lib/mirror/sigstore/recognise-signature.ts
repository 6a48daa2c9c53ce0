import { InputError } from '../../base/errors/input-error.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { isRepository, parseReference } from '../../base/names/reference.ts';
import { parseScope } from '../../base/names/scope.ts';
import { COSIGN_SIGNATURE_TYPE } from '../../crypto/sigstore/signature-blob.ts';
import { parseSimpleSigningPayload } from '../../crypto/simple-signing-payload.ts';
import type { UntrustedLayer } from '../../registry/attachments/read-signature-layers.ts';
import type { ConfiguredImagePolicy, MirrorRule, PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { toReadyPolicy } from '../../trust/source/ready-policy.ts';
import { type AttachedImage, type AttachmentTrust, readEvidence } from './read-attachment.ts';

/** Whether a signature beside an image verifies by any profile. @throws the abort reason of the signal */
export type SignatureJudge = (layer: UntrustedLayer, blobs: ReadonlyMap<Digest, Uint8Array>) => Promise<boolean>;

/**
 * Judges signatures by the policies of all profiles, under every name that the image may have: its name in this copy, the
 * mirror's own, the profile's repositories, the sources that the place mirrors, the repositories in policies, and the
 * one in the signature itself. The result decides which signatures are kept, never which images are accepted.
 */
export function createSignatureJudge(
  image: AttachedImage,
  profiles: readonly PreparedTrust[],
  { now, signal }: Pick<AttachmentTrust, 'now' | 'signal'>,
): SignatureJudge {
  const known = profiles.map((prepared) => ({ prepared, names: listNames(image, prepared) }));
  return async (layer, blobs) => {
    const read = { location: image.place, layers: [layer], blobs };
    const claimed = readClaimedName(layer, blobs);
    for (const { prepared, names } of known) {
      for (const repository of new Set([...claimed, ...names])) {
        const named = { digest: image.digest, repository };
        const { attempts } = await readEvidence(named, [read], { prepared, now, signal });
        if (attempts.some(({ code }) => code === 'Verified')) return true;
      }
    }
    return false;
  };
}

function listNames({ repository, place }: AttachedImage, prepared: PreparedTrust): readonly Repository[] {
  const { canonicalRepositories, signedRepositories, mirrorRules, imagePolicies } = prepared;
  return [
    repository,
    place,
    ...canonicalRepositories,
    ...signedRepositories,
    ...mirrorRules.flatMap((rule) => listSources(rule, place)),
    ...imagePolicies.flatMap((policy) => listScopes(prepared, policy)).flatMap(toRepositories),
  ];
}

/** The repositories that a node pulls from the place by this rule. */
function listSources({ source, mirrors }: MirrorRule, place: Repository): readonly Repository[] {
  const [from] = toPrefixes(source);
  if (from === undefined) return [];
  return mirrors.flatMap(toPrefixes).flatMap((mirror) => {
    const isMirror = place === mirror || place.startsWith(`${mirror}/`);
    return isMirror ? toRepositories(`${from}${place.slice(mirror.length)}`) : [];
  });
}

function listScopes(prepared: PreparedTrust, policy: ConfiguredImagePolicy): readonly string[] {
  if (policy.coverage.kind === 'scopes') return policy.coverage.scopes.flatMap(toPrefixes);
  const docker = toReadyPolicy(prepared, policy)?.policy.transports.get('docker');
  return [...(docker?.keys() ?? [])].flatMap(toPrefixes);
}

/** Empty for a wildcard, which names no repository. */
function toPrefixes(scope: string): readonly string[] {
  try {
    const parsed = parseScope(scope);
    return parsed.kind === 'prefix' ? [parsed.prefix] : [];
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

function toRepositories(text: string): readonly Repository[] {
  return isRepository(text) ? [text] : [];
}

/** An untrusted claim. The policies that cover this name decide whether the signature verifies. */
function readClaimedName(
  { digest, mediaType }: UntrustedLayer,
  blobs: ReadonlyMap<Digest, Uint8Array>,
): readonly Repository[] {
  const untrustedPayload = blobs.get(digest);
  if (untrustedPayload === undefined || mediaType !== COSIGN_SIGNATURE_TYPE) return [];
  try {
    return [parseReference(parseSimpleSigningPayload(untrustedPayload, 'cosign').dockerReference).repository];
  } catch (error) {
    if (error instanceof SignatureError || error instanceof InputError) return [];
    throw error;
  }
}

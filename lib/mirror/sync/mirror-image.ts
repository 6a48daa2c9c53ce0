import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import { isStale, type ReadyTrust } from '../../trust/source/trust-source.ts';
import { findPolicies, isRefused } from '../../verdict/decide/policies-at-name.ts';
import { toCandidate } from '../../verdict/judge/candidate.ts';
import { isSigned, type SignedRequirement } from '../../verdict/judge/requirement.ts';
import { type LookasideResult, mirrorLookaside } from '../slots/lookaside-mirror.ts';
import type { Slot } from '../slots/slots.ts';

export interface MirrorImageRequest {
  readonly image: { readonly repository: Repository; readonly digest: Digest };
  readonly trust: ReadyTrust;
  readonly upstream: SignatureStore;
  readonly objects: ObjectStore;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** A requirement. Its name is its number among those of the image. */
interface NamedRequirement {
  readonly name: string;
  readonly requirement: SignedRequirement;
}

/**
 * Copies the signatures of an image that satisfy a requirement of the profile's policy.json into the mirror's lookaside.
 * Nothing is read if the profile does not apply the policy, or the policy rejects the image in any case.
 *
 * @throws StoreError when the mirror itself fails; the abort reason of the signal
 */
export async function mirrorImage(request: MirrorImageRequest): Promise<LookasideResult> {
  const { image, trust, upstream, objects, now, signal } = request;
  const { repository, digest } = image;
  const seconds = Math.floor(now.getTime() / 1000);
  // Written signatures stay, and a key may have been revoked since the trust was refreshed.
  if (isStale(trust, now)) throw new StoreError('Unavailable', 'the trust was not refreshed within the last 24 hours');
  const reference = { name: repository, tag: undefined, digest };
  const named = listRequirements(image, trust);
  const judge = (untrustedBytes: Uint8Array): Slot => {
    const candidate = toCandidate({ store: '', location: '', untrustedBytes });
    const met = named.flatMap(({ name, requirement }) => {
      const { signature } = requirement.verify(candidate, { reference, digest }, seconds).proof ?? {};
      return signature === undefined ? [] : [{ name, identity: signature.identity }];
    });
    return { satisfied: met.map(({ name }) => name), identities: met.map(({ identity }) => identity) };
  };
  const requirements = named.map(({ name }) => name);
  return await mirrorLookaside({ objects, repository, digest, requirements, judge, upstream, signal });
}

function listRequirements(
  { repository, digest }: MirrorImageRequest['image'],
  { prepared }: ReadyTrust,
): readonly NamedRequirement[] {
  if (prepared.verification === 'disabled' || prepared.require === 'openpgp') return [];
  const { own } = findPolicies({ ...prepared, canonicalRepositories: [repository] }, repository, digest);
  if (isRefused(own)) return [];
  return own.documents
    .flatMap(({ requirements }) => requirements)
    .flatMap((requirement, index) =>
      isSigned(requirement) && requirement.signatureKind === 'openpgp'
        ? [{ name: String(index + 1), requirement }]
        : [],
    );
}

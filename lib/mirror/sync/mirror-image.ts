import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import { toSignatureIdentity } from '../../crypto/openpgp/messages/signature-identity.ts';
import { parseSignedMessage } from '../../crypto/openpgp/messages/signed-message.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { SignatureCheck } from '../../trust/policy/requirement-check.ts';
import { toReadyPolicy } from '../../trust/source/ready-policy.ts';
import { isStale, type ReadyTrust } from '../../trust/source/ready-trust.ts';
import { isRefused, startPolicyAt } from '../../verdict/decide/evaluate-policy-at.ts';
import { evaluateImageSignature } from '../../verdict/judge/evaluate-image-signature.ts';
import { type LookasideResult, mirrorLookaside } from '../slots/lookaside-mirror.ts';
import type { JudgedSignature } from '../slots/lookaside-slots.ts';

export interface MirrorImageRequest {
  readonly image: { readonly repository: Repository; readonly digest: Digest };
  readonly trust: ReadyTrust;
  readonly upstream: SignatureStore;
  readonly objects: ObjectStore;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** What one requirement asks of a signature; named by its number among those of the image. */
interface NamedCheck {
  readonly name: string;
  readonly check: SignatureCheck;
}

/**
 * Copies the signatures of an image that meet a requirement of the profile's policy.json into the mirror's lookaside.
 * Where the profile does not go by the policy, or the policy rejects the image whatever it is, nothing is asked for.
 *
 * @throws StoreError when the mirror itself fails; the abort reason of the signal
 */
export async function mirrorImage(request: MirrorImageRequest): Promise<LookasideResult> {
  const { image, trust, upstream, objects, now, signal } = request;
  const { repository, digest } = image;
  const seconds = Math.floor(now.getTime() / 1000);
  // What is written stays, and a key may have been revoked since.
  if (isStale(trust, now)) throw new StoreError('Unavailable', 'the trust was not refreshed within the last 24 hours');
  const reference = { name: repository, tag: undefined, digest };
  const checks = listChecks(image, trust);
  const judge = (untrustedBytes: Uint8Array): JudgedSignature => {
    const signature = { store: '', location: '', untrustedBytes };
    const met = checks.flatMap(({ name, check }) => {
      const { verified } = evaluateImageSignature(signature, check, { reference, digest }, seconds);
      return verified === undefined ? [] : [{ name, signingKey: verified.signingKey }];
    });
    const [first] = met;
    const identity =
      first === undefined ? '' : toSignatureIdentity(parseSignedMessage(untrustedBytes), first.signingKey);
    return { satisfied: met.map(({ name }) => name), identity };
  };
  const requirements = checks.map(({ name }) => name);
  return await mirrorLookaside({ objects, repository, digest, requirements, judge, upstream, signal });
}

function listChecks(
  { repository, digest }: MirrorImageRequest['image'],
  { prepared }: ReadyTrust,
): readonly NamedCheck[] {
  if (prepared.verification === 'disabled' || prepared.require === 'openpgp') return [];
  const starts = prepared.imagePolicies
    .filter(({ kind }) => kind === 'policy.json')
    .map((configured) => toReadyPolicy(prepared, configured))
    .flatMap((ready) => (ready === undefined ? [] : [startPolicyAt(ready, repository, { digest })]));
  if (starts.some(isRefused)) return [];
  return starts
    .flatMap(({ requirements }) => requirements)
    .flatMap(({ check }, index) => (check?.kind === 'openpgp' ? [{ name: String(index + 1), check }] : []));
}

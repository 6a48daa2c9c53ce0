import { toReadyPolicy } from '../decide/ready-policy.ts';
import type { ReadyTrust } from '../decide/ready-trust.ts';
import { findRequirements } from '../image-policy/find-requirements.ts';
import { evaluateImageSignature } from '../image-verification/evaluate-image-signature.ts';
import { startRequirement } from '../image-verification/requirement-progress.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { toSignatureIdentity } from '../openpgp/signature-identity.ts';
import { parseSignedMessage } from '../openpgp/signed-message.ts';
import type { Digest } from '../pullspec/digest.ts';
import type { Repository } from '../pullspec/repository.ts';
import type { SignatureStore } from '../signatures/signature-store.ts';
import { type LookasideResult, mirrorLookaside } from './lookaside-mirror.ts';
import type { JudgedSignature } from './lookaside-slots.ts';

export interface MirrorImageRequest {
  readonly image: { readonly repository: Repository; readonly digest: Digest };
  readonly trust: ReadyTrust;
  readonly upstream: SignatureStore;
  readonly objects: ObjectStore;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/**
 * Copies the signatures of an image that meet a requirement of the profile's policy.json into the mirror's lookaside.
 *
 * @throws StoreError when the mirror itself fails; the abort reason of the signal
 */
export async function mirrorImage(request: MirrorImageRequest): Promise<LookasideResult> {
  const { image, trust, upstream, objects, now, signal } = request;
  const { repository, digest } = image;
  const seconds = Math.floor(now.getTime() / 1000);
  const reference = { name: repository, tag: undefined, digest };
  const started = trust.prepared.imagePolicies
    .filter(({ kind }) => kind === 'policy.json')
    .flatMap((configured) => {
      const { policy, keyrings } = toReadyPolicy(trust.prepared, configured);
      const { requirements } = findRequirements(policy, { transport: 'docker', reference });
      return requirements.map((requirement) => startRequirement(requirement, keyrings));
    })
    .flatMap(({ check }, index) => (check === undefined ? [] : [{ name: String(index + 1), check }]));
  const judge = (untrustedBytes: Uint8Array): JudgedSignature => {
    const signature = { store: '', location: '', untrustedBytes };
    const met = started.flatMap(({ name, check }) => {
      const { verified } = evaluateImageSignature(signature, check, { reference, digest }, seconds);
      return verified === undefined ? [] : [{ name, signingKey: verified.signingKey }];
    });
    const [first] = met;
    const identity =
      first === undefined ? '' : toSignatureIdentity(parseSignedMessage(untrustedBytes), first.signingKey);
    return { satisfied: met.map(({ name }) => name), identity };
  };
  const requirements = started.map(({ name }) => name);
  return await mirrorLookaside({ objects, repository, digest, requirements, judge, upstream, signal });
}

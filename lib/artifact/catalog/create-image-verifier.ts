import type { Pullspec } from '../../base/names/reference.ts';
import type { ManifestSource } from '../../registry/client/registry-client.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ImagePolicy } from '../../trust/policy/image-policy.ts';
import { describeScope } from '../../trust/policy/machine-config-lockouts.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { decideByPolicy, type PolicyImageQuestion } from '../../verdict/decide/decide-by-policy.ts';
import { decideImage } from '../../verdict/decide/decide-image.ts';
import { type ImageJudgement, toVerification, type Verification } from './verification.ts';

/** A profile, with the stores that hold signatures for it. */
export interface VerifyingProfile {
  readonly trust: ReadyTrust;
  readonly store: SignatureStore;
  readonly lookaside: SignatureStore;
  readonly manifests: ManifestSource;
}

/** A policy.json, with the keys and registry access that its evaluation needs. */
export interface VerifyingPolicy extends Pick<PolicyImageQuestion, 'keys' | 'sigstore'> {
  readonly policy: ImagePolicy;
  readonly open: (pullspec: string) => Promise<PolicyImageQuestion['source']>;
}

export type ImageVerifier = (image: Pullspec) => Promise<Verification>;

/**
 * Creates the verifier of a catalog's images: by each profile with the image's repository among its canonical ones, and by
 * the policy if there is one. An image without either is rejected.
 *
 * The verifier throws what `open` and `keys` throw, and the abort reason of the signal.
 */
export function createImageVerifier(
  profiles: readonly VerifyingProfile[],
  policy: VerifyingPolicy | undefined,
  { now, signal }: { readonly now: () => Date; readonly signal: AbortSignal },
): ImageVerifier {
  return async (image) => {
    const covering = profiles.filter(({ trust }) => trust.prepared.canonicalRepositories.includes(image.repository));
    const judgements: ImageJudgement[] = [];
    for (const { trust, store, lookaside, manifests } of covering) {
      const { verdict } = await decideImage({ pullspec: image }, trust, { store, lookaside, manifests, now, signal });
      const { outcome, reasons, warnings, attempts } = verdict;
      judgements.push({ by: `profile ${verdict.profile}`, outcome, reasons, warnings, attempts });
    }
    if (policy !== undefined) judgements.push(await judgeByPolicy(image, policy, now(), signal));
    return toVerification(judgements);
  };
}

async function judgeByPolicy(
  { text }: Pullspec,
  { policy, open, keys, sigstore }: VerifyingPolicy,
  now: Date,
  signal: AbortSignal,
): Promise<ImageJudgement> {
  const { outcome, scope, requirements } = await decideByPolicy({
    source: await open(text),
    policy,
    keys,
    sigstore,
    now,
    signal,
  });
  return {
    by: `policy, ${describeScope({ scope })}`,
    outcome,
    reasons: requirements.flatMap(({ reasons }) => reasons),
    warnings: requirements.flatMap(({ warnings }) => warnings),
    attempts: requirements.flatMap(({ attempts }) => attempts),
  };
}

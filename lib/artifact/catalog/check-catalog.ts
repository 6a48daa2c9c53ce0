import { parseDockerReference } from '../../base/names/docker-reference.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { ImagePolicy } from '../../trust/policy/image-policy.ts';
import { describeScope, findFault, findForSource, isScoped } from '../../trust/policy/machine-config-lockouts.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { Outcome } from '../../verdict/judge/verdict.ts';
import type { CatalogImage } from './catalog-image.ts';
import type { ImageVerifier } from './create-image-verifier.ts';
import { listCoverage, type TrustCoverage } from './list-coverage.ts';
import type { Verification } from './verification.ts';

/** What a policy.json asks of an image. */
export interface PolicyAnswer {
  readonly scope: string;
  /** Whether a scope names it, and not a default. */
  readonly isCovered: boolean;
  /** `signatures` are asked for; whether there are any is not said. */
  readonly asksFor: 'anything' | 'signatures' | 'rejected';
  /** The types of requirement, or why it is rejected. */
  readonly requires: string;
}

export interface CheckedImage {
  readonly pullspec: string;
  readonly isPinned: boolean;
  readonly policy?: PolicyAnswer;
  readonly trust?: readonly TrustCoverage[];
  readonly verification?: Verification;
  readonly origins: readonly string[];
}

export interface CheckedCatalog {
  readonly outcome: Outcome;
  readonly images: readonly CheckedImage[];
}

export interface CatalogQuestion {
  readonly policy?: ImagePolicy | undefined;
  readonly trusts: readonly PreparedTrust[];
  /** Asked for every image that is pinned and not rejected. Undefined: nothing is verified. */
  readonly verify?: ImageVerifier | undefined;
  /** Images that are verified at the same time. */
  readonly concurrency?: number | undefined;
  /** Told how many images are done with. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * What of a catalog is pinned, what a policy and profiles say about it and, when asked, what verifies. One image that
 * is not pinned, is rejected or does not verify rejects the whole.
 *
 * @throws what `verify` throws
 */
export async function checkCatalog(
  images: readonly CatalogImage[],
  { policy, trusts, verify, concurrency = 1, onProgress = () => undefined }: CatalogQuestion,
): Promise<CheckedCatalog> {
  let done = 0;
  const checked = await runBounded(images, concurrency, async ({ pullspec, origins }) => {
    const image: CheckedImage = {
      pullspec: pullspec.text,
      isPinned: pullspec.digest !== undefined,
      ...(policy === undefined ? {} : { policy: answer(policy, pullspec.text) }),
      ...(trusts.length === 0 ? {} : { trust: listCoverage(trusts, pullspec) }),
      origins,
    };
    const isAsked = verify !== undefined && toOutcome(image) === 'accepted';
    const answered = isAsked ? { ...image, verification: await verify(pullspec) } : image;
    onProgress(++done);
    return answered;
  });
  const outcomes = checked.map(toOutcome);
  // Nothing was accepted where there is nothing.
  const isRejected = checked.length === 0 || outcomes.includes('rejected');
  const outcome = isRejected ? 'rejected' : outcomes.includes('indeterminate') ? 'indeterminate' : 'accepted';
  return { outcome, images: checked };
}

function toOutcome({ isPinned, policy, verification }: CheckedImage): Outcome {
  if (!isPinned || policy?.asksFor === 'rejected') return 'rejected';
  return verification?.outcome ?? 'accepted';
}

function answer(policy: ImagePolicy, pullspec: string): PolicyAnswer {
  const found = findForSource(policy, parseDockerReference(pullspec));
  const fault = findFault(found.requirements);
  const types = [...new Set(found.requirements.map(({ type }) => type))];
  const isOpen = types.every((type) => type === 'insecureAcceptAnything');
  return {
    scope: describeScope(found),
    isCovered: isScoped(found),
    asksFor: fault === undefined ? (isOpen ? 'anything' : 'signatures') : 'rejected',
    requires: fault ?? types.join(', '),
  };
}

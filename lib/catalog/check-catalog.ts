import { parseDockerReference } from '../image-policy/docker-reference.ts';
import type { ImagePolicy } from '../image-policy/image-policy.ts';
import { runBounded } from '../queue/run-bounded.ts';
import { describeScope, findFault, findForSource, isScoped } from '../render/machine-config-lockouts.ts';
import type { PreparedTrust } from '../trust/prepared-trust.ts';
import type { CatalogImage } from './catalog-image.ts';
import { listCoverage, type TrustCoverage } from './list-coverage.ts';

/** Images that are verified at the same time. */
const CONCURRENCY = 8;

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

/** What became of an image's verification. */
export interface Verification {
  readonly outcome: 'accepted' | 'rejected' | 'indeterminate';
  readonly reason?: string | undefined;
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
  readonly outcome: 'accepted' | 'rejected' | 'indeterminate';
  readonly images: readonly CheckedImage[];
}

/**
 * What of a catalog is pinned, what a policy and profiles say about it and, when asked, what verifies. One image that
 * is not pinned, is rejected or does not verify rejects the whole.
 *
 * @param verify asked for every image that is pinned and not rejected, a few at a time
 */
export async function checkCatalog(
  images: readonly CatalogImage[],
  {
    policy,
    trusts,
    verify,
  }: {
    readonly policy?: ImagePolicy | undefined;
    readonly trusts: readonly PreparedTrust[];
    readonly verify?: ((pullspec: string) => Promise<Verification>) | undefined;
  },
): Promise<CheckedCatalog> {
  const checked = await runBounded(images, CONCURRENCY, async ({ pullspec, origins }) => {
    const image: CheckedImage = {
      pullspec: pullspec.text,
      isPinned: pullspec.digest !== undefined,
      ...(policy === undefined ? {} : { policy: answer(policy, pullspec.text) }),
      ...(trusts.length === 0 ? {} : { trust: listCoverage(trusts, pullspec) }),
      origins,
    };
    const isAsked = verify !== undefined && toOutcome(image) === 'accepted';
    return isAsked ? { ...image, verification: await verify(pullspec.text) } : image;
  });
  const outcomes = checked.map(toOutcome);
  // Nothing was accepted where there is nothing.
  const isRejected = checked.length === 0 || outcomes.includes('rejected');
  const outcome = isRejected ? 'rejected' : outcomes.includes('indeterminate') ? 'indeterminate' : 'accepted';
  return { outcome, images: checked };
}

function toOutcome({ isPinned, policy, verification }: CheckedImage): CheckedCatalog['outcome'] {
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

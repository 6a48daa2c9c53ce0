import { parseDockerReference } from '../../base/names/docker-reference.ts';
import type { Pullspec } from '../../base/names/reference.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import type { ManifestSource } from '../../registry/client/registry-client.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ImagePolicy } from '../../trust/policy/image-policy.ts';
import { describeScope, findFault, findForSource, isScoped } from '../../trust/policy/machine-config-lockouts.ts';
import { parsePolicyContent } from '../../trust/policy/parse-policy-json.ts';
import type { ConfiguredImagePolicy, PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { decideByPolicy, type PolicyImageQuestion } from '../../verdict/decide/decide-by-policy.ts';
import { decideImage } from '../../verdict/decide/decide-image.ts';
import { allOf } from '../../verdict/judge/outcome.ts';
import type { Outcome } from '../../verdict/judge/verdict.ts';
import type { Catalog, CatalogFault } from './parse-catalog.ts';
import { type ImageJudgement, toVerification, type Verification } from './verification.ts';

/** What a policy.json requires of an image. */
interface PolicyAnswer {
  readonly scope: string;
  /** True for a scope that names the image, false for a default. */
  readonly isCovered: boolean;
  /** `signatures` are required; whether there are any is not checked. */
  readonly asksFor: 'anything' | 'signatures' | 'rejected';
  /** The types of requirement, or why the policy rejects the image. */
  readonly requires: string;
}

/** A part of a profile that covers an image. */
interface TrustCoverage {
  readonly profile: string;
  /** Such as `ClusterImagePolicy/openshift`, or `keyrings` for a repository whose releases the profile verifies. */
  readonly by: string;
  readonly scope: string;
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
  /** Entries that cannot be used: each rejects the catalog. */
  readonly faults: readonly CatalogFault[];
  /** Kinds of objects in which no image was found. */
  readonly without: readonly string[];
}

interface CatalogQuestion {
  readonly policy?: ImagePolicy | undefined;
  readonly trusts: readonly PreparedTrust[];
  /** Verifies every image that is pinned and not rejected. Undefined: nothing is verified. */
  readonly verify?: ImageVerifier | undefined;
  /** Images that are verified at the same time. */
  readonly concurrency?: number | undefined;
  /** Called with the number of checked images. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/**
 * Checks which images of a catalog are pinned, what a policy and profiles require of them and, on request, whether they
 * verify. An image that is not pinned, is rejected or does not verify rejects the catalog; so do an entry that cannot be
 * used and a catalog without an image.
 *
 * @throws what `verify` throws
 */
export async function checkCatalog(
  { images, faults, without }: Catalog,
  { policy, trusts, verify, concurrency = 1, onProgress = () => undefined }: CatalogQuestion,
): Promise<CheckedCatalog> {
  let done = 0;
  const checked = await runBounded(images, concurrency, async ({ pullspec, origins }) => {
    const image: CheckedImage = {
      pullspec: pullspec.text,
      isPinned: pullspec.digest !== undefined,
      ...(policy === undefined ? {} : { policy: toPolicyAnswer(policy, pullspec.text) }),
      ...(trusts.length === 0 ? {} : { trust: listCoverage(trusts, pullspec) }),
      origins,
    };
    const needsVerification = verify !== undefined && toOutcome(image) === 'accepted';
    const verified = needsVerification ? { ...image, verification: await verify(pullspec) } : image;
    onProgress(++done);
    return verified;
  });
  const outcome = allOf([...checked.map(toOutcome), ...faults.map(() => 'rejected' as const)]);
  return { outcome, images: checked, faults, without };
}

function toOutcome({ isPinned, policy, verification }: CheckedImage): Outcome {
  if (!isPinned || policy?.asksFor === 'rejected') return 'rejected';
  return verification?.outcome ?? 'accepted';
}

function toPolicyAnswer(policy: ImagePolicy, pullspec: string): PolicyAnswer {
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

/** Lists what covers an image in each profile; the default of a policy.json does not count. */
function listCoverage(trusts: readonly PreparedTrust[], { repository, text }: Pullspec): readonly TrustCoverage[] {
  return trusts.flatMap(({ profile, keyrings, canonicalRepositories, imagePolicies }) => {
    const isRelease = keyrings.length > 0 && canonicalRepositories.includes(repository);
    const own = isRelease ? [{ profile, by: 'keyrings', scope: repository }] : [];
    const policies = imagePolicies.flatMap((policy) => {
      const scope = findScope(policy, text);
      return scope === undefined ? [] : [{ profile, by: `${policy.kind}/${policy.name}`, scope }];
    });
    return [...own, ...policies];
  });
}

/** The scope by which nodes find the image in a policy. */
function findScope({ coverage, content }: ConfiguredImagePolicy, pullspec: string): string | undefined {
  const policy = coverage.kind === 'everything' ? parsePolicyContent(content) : toScopesAlone(coverage.scopes);
  const found = findForSource(policy, parseDockerReference(pullspec));
  return isScoped(found) ? describeScope(found) : undefined;
}

function toScopesAlone(scopes: readonly string[]): ImagePolicy {
  const requirements = [{ type: 'reject' }] as const;
  return {
    default: requirements,
    transports: new Map([['docker', new Map(scopes.map((scope) => [scope, requirements]))]]),
  };
}

/** A profile, with the stores that hold signatures for it. */
export interface VerifyingProfile {
  readonly trust: ReadyTrust;
  readonly store: SignatureStore;
  readonly lookaside: SignatureStore;
  readonly manifests: ManifestSource;
}

/** A policy.json, with the keys and registry access that its evaluation needs. */
interface VerifyingPolicy extends Pick<PolicyImageQuestion, 'keys' | 'sigstore'> {
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

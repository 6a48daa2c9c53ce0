import { formatPlatform, type Platform } from '../../base/names/platform.ts';
import { type Pullspec, type Repository, toCanonicalPullspec } from '../../base/names/reference.ts';
import type { MirrorRule, Mode, PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { isStale } from '../../trust/prepared/profiles.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import {
  type Attempt,
  type ImageResult,
  type Outcome,
  type PolicyResult,
  type Reason,
  VERIFIER_VERSION,
  type Verdict,
} from './verdict.ts';

/** What the caller asks for beside the pullspec. */
export interface PullspecRequest {
  readonly pullspec: Pullspec;
  /** The profile's own mode when undefined. */
  readonly mode?: Mode | undefined;
  /** Platforms of the nodes; undefined: those of the profile, else every `linux/*` platform of an index. */
  readonly platforms?: readonly Platform[] | undefined;
  /** What the image is judged as: as a release when left out. */
  readonly judgedAs?: Verdict['judgedAs'];
}

/**
 * The verdict of the pullspec policy alone: no signature is looked for, nothing is contacted. Trust that is too old
 * decides nothing, this neither.
 */
export function decidePullspec(request: PullspecRequest, trust: ReadyTrust, now: Date): Verdict {
  const { prepared } = trust;
  const mode = request.mode ?? prepared.mode;
  const { canonicalRepositories, mirrorRules } = prepared;
  const { reasons, warnings } = evaluatePullspec(request.pullspec, { canonicalRepositories, mirrorRules, mode });
  if (isStale(trust, now)) {
    const stale = [toTrustStale(trust), ...reasons];
    return toVerdict(request, prepared, now, { outcome: 'indeterminate', reasons: stale, warnings, attempts: [] });
  }
  const outcome = reasons.length === 0 ? 'accepted' : 'rejected';
  return toVerdict(request, prepared, now, { outcome, reasons, warnings, attempts: [] });
}

/** Why trust that was not refreshed decides nothing. */
export function toTrustStale({ prepared, refreshedAt }: ReadyTrust): Reason {
  return {
    code: 'TrustStale',
    message: `the trust of profile ${prepared.profile} was last refreshed on ${refreshedAt.toISOString()}, which is not within the last 24 hours`,
    remedy: 'make the bucket that holds trust/ reachable again; a key may have been revoked since',
  };
}

/** The members of a verdict that are the same whatever was decided. */
export function toVerdict(
  { pullspec, mode, platforms, judgedAs }: PullspecRequest,
  prepared: PreparedTrust,
  now: Date,
  decision: {
    readonly outcome: Outcome;
    readonly reasons: readonly Reason[];
    readonly warnings: readonly Reason[];
    readonly attempts: readonly Attempt[];
    readonly policies?: readonly PolicyResult[];
    readonly images?: readonly ImageResult[];
  },
): Verdict {
  // A component is none of the profile's releases, whatever its repository is.
  const isCanonical = judgedAs === undefined && prepared.canonicalRepositories.includes(pullspec.repository);
  const canonicalPullspec = isCanonical ? toCanonicalPullspec(pullspec) : undefined;
  return {
    schema: 2,
    ...(judgedAs === undefined ? {} : { judgedAs }),
    outcome: decision.outcome,
    forced: false,
    pullspec: pullspec.text,
    ...(canonicalPullspec === undefined ? {} : { canonicalPullspec }),
    ...(pullspec.digest === undefined ? {} : { digest: pullspec.digest }),
    profile: prepared.profile,
    mode: mode ?? prepared.mode,
    trustRevision: prepared.revision,
    verifierVersion: VERIFIER_VERSION,
    reasons: decision.reasons,
    warnings: decision.warnings,
    attempts: decision.attempts,
    ...(decision.policies === undefined || decision.policies.length === 0 ? {} : { policies: decision.policies }),
    ...(platforms === undefined ? {} : { platforms: platforms.map(formatPlatform) }),
    ...(decision.images === undefined || decision.images.length === 0 ? {} : { images: decision.images }),
    decidedAt: now.toISOString(),
  };
}

/** The part of a profile that the pullspec policy looks at. */
export type PullspecPolicy = Pick<PreparedTrust, 'canonicalRepositories' | 'mirrorRules' | 'mode'> & {
  /** That the image is a copy of a canonical one is known otherwise; for the remedy alone. */
  readonly isCopy?: boolean;
};

/** Both lists empty: the pullspec is in order. */
interface PullspecJudgement {
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Reason[];
}

/**
 * Whether a pullspec names a release the way the profile wants it named: by digest, in a canonical repository.
 * Decided from the pullspec alone, before any registry or store is contacted.
 *
 * In `warn` mode a wrong repository is a warning. A missing digest is a reason in every mode: without one there is
 * nothing that could be verified.
 */
export function evaluatePullspec(pullspec: Pullspec, policy: PullspecPolicy): PullspecJudgement {
  const missing = pullspec.digest === undefined ? [toDigestMissing(pullspec)] : [];
  if (policy.canonicalRepositories.includes(pullspec.repository)) return { reasons: missing, warnings: [] };
  const wrong = [toNotCanonical(pullspec, policy)];
  return policy.mode === 'warn'
    ? { reasons: missing, warnings: wrong }
    : { reasons: [...missing, ...wrong], warnings: [] };
}

function toDigestMissing({ repository, tag }: Pullspec): Reason {
  return {
    code: 'DigestMissing',
    message: `a tag can be moved to another image; only a digest says which release is meant`,
    remedy: `resolve ${repository}:${tag ?? 'latest'} to its digest (oc adm release info shows it) and use ${repository}@sha256:…`,
  };
}

function toNotCanonical(pullspec: Pullspec, policy: PullspecPolicy): Reason {
  const { repository } = pullspec;
  const canonical = policy.canonicalRepositories;
  return {
    code: 'RepositoryNotCanonical',
    message: `${repository} is not where releases of this profile are asked for: ${canonical.join(', ')}`,
    remedy: toRemedy(pullspec, policy),
  };
}

/**
 * The same digest in a canonical repository is named only where something shows that the image is a copy of it:
 * another publisher has images of its own.
 */
function toRemedy(
  { repository, digest }: Pullspec,
  { canonicalRepositories, mirrorRules, isCopy = false }: PullspecPolicy,
): string {
  const [first] = canonicalRepositories;
  if (first === undefined) return 'the profile names no canonical repository';
  const sources = listMirrorSources(repository, mirrorRules);
  const meant = canonicalRepositories.find((canonical) => sources.includes(canonical)) ?? (isCopy ? first : undefined);
  if (meant === undefined) return ANOTHER_PUBLISHER;
  return `use ${meant}@${digest ?? 'sha256:…'}${toMirrorHint(meant, mirrorRules)}`;
}

const ANOTHER_PUBLISHER =
  'use the profile of its publisher, if it is of another publisher or stream; if it is a copy, put the mirror set that says so into the profile';

function toMirrorHint(canonical: Repository, mirrorRules: PullspecPolicy['mirrorRules']): string {
  const [rule] = findMirrorsOf(canonical, mirrorRules);
  return rule === undefined ? '' : `; your ${rule.origin} already redirects it to ${rule.mirrors.join(', ')}`;
}

/**
 * The repository that a mirror's repository stands for by the mirror sets, for the remedy alone: no verdict
 * depends on it. The longest matching mirror counts.
 */
export function findMirrorSource(repository: Repository, rules: readonly MirrorRule[]): string | undefined {
  return listMirrorSources(repository, rules)[0];
}

/** The repositories whose pulls by digest are redirected to this one, the most specific mirror first. */
export function listMirrorSources(repository: Repository, rules: readonly MirrorRule[]): readonly string[] {
  const matches = rules.filter(isForDigests).flatMap(({ source, mirrors }) =>
    mirrors.flatMap((mirror) => {
      const rest = restBelow(repository, mirror);
      return rest === undefined ? [] : [{ length: mirror.length, source: source + rest }];
    }),
  );
  return matches.toSorted((one, other) => other.length - one.length).map(({ source }) => source);
}

/** The rules that redirect a repository, the most specific first. */
function findMirrorsOf(repository: Repository, rules: readonly MirrorRule[]): readonly MirrorRule[] {
  return rules
    .filter((rule) => isForDigests(rule) && rule.mirrors.length > 0 && restBelow(repository, rule.source) !== undefined)
    .toSorted((one, other) => other.source.length - one.source.length);
}

/** A tag mirror set says nothing about pulls by digest. */
function isForDigests({ tagsOnly }: MirrorRule): boolean {
  return tagsOnly !== true;
}

/** What follows a prefix that ends at a `/` or at the end; undefined when it is no such prefix. */
function restBelow(repository: string, prefix: string): string | undefined {
  if (repository === prefix) return '';
  return repository.startsWith(`${prefix}/`) ? repository.slice(prefix.length) : undefined;
}

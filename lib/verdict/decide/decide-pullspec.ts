import { formatPlatform, type Platform } from '../../base/names/platform.ts';
import { type Pullspec, toCanonicalPullspec } from '../../base/names/reference.ts';
import { VERIFIER_VERSION } from '../../platform/lambda/verifier-version.ts';
import type { Mode, PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { isStale, type ReadyTrust } from '../../trust/source/trust-source.ts';
import { evaluatePullspec } from '../judge/evaluate-pullspec.ts';
import type { Attempt, ImageResult, Outcome, PolicyResult, Reason, Verdict } from '../judge/verdict.ts';

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
  const { reasons, warnings } = evaluatePullspec(request.pullspec, { ...prepared, mode });
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

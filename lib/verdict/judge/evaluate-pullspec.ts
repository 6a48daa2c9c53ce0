import type { Pullspec } from '../../base/names/pullspec.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { findMirrorSource, findMirrorsOf } from './mirror-remedy.ts';
import type { Reason } from './verdict.ts';

/** The part of a profile that the pullspec policy looks at. */
export type PullspecPolicy = Pick<PreparedTrust, 'canonicalRepositories' | 'mirrorRules' | 'mode'>;

/** Both lists empty: the pullspec is in order. */
export interface PullspecJudgement {
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

function toRemedy({ repository, digest }: Pullspec, { canonicalRepositories, mirrorRules }: PullspecPolicy): string {
  const source = findMirrorSource(repository, mirrorRules);
  const meant = canonicalRepositories.find((canonical) => canonical === source) ?? canonicalRepositories[0];
  if (meant === undefined) return 'the profile names no canonical repository';
  return `use ${meant}@${digest ?? 'sha256:…'}${toMirrorHint(meant, mirrorRules)}`;
}

function toMirrorHint(canonical: Repository, mirrorRules: PullspecPolicy['mirrorRules']): string {
  const [rule] = findMirrorsOf(canonical, mirrorRules);
  return rule === undefined ? '' : `; your ${rule.origin} already redirects it to ${rule.mirrors.join(', ')}`;
}

import { parseDockerReference } from '../../base/names/docker-reference.ts';
import type { Pullspec } from '../../base/names/pullspec.ts';
import type { Repository } from '../../base/names/repository.ts';
import { coversRepository } from '../../base/names/scope.ts';
import { describeScope, findForSource, isScoped } from '../../trust/policy/machine-config-lockouts.ts';
import { parsePolicyContent } from '../../trust/policy/parse-policy-json.ts';
import type { ConfiguredImagePolicy, PreparedTrust } from '../../trust/prepared/prepared-trust.ts';

/** What of a profile has a say over an image. */
export interface TrustCoverage {
  readonly profile: string;
  /** Such as `ClusterImagePolicy/openshift`, or `keyrings` for a repository whose releases the profile verifies. */
  readonly by: string;
  readonly scope: string;
}

/** What of each profile covers an image; empty when nothing does but the default of a policy.json. */
export function listCoverage(
  trusts: readonly PreparedTrust[],
  { repository, text }: Pullspec,
): readonly TrustCoverage[] {
  return trusts.flatMap(({ profile, keyrings, canonicalRepositories, imagePolicies }) => {
    const isRelease = keyrings.length > 0 && canonicalRepositories.includes(repository);
    const own = isRelease ? [{ profile, by: 'keyrings', scope: repository }] : [];
    const policies = imagePolicies.flatMap((policy) => {
      const scope = findScope(policy, repository, text);
      return scope === undefined ? [] : [{ profile, by: `${policy.kind}/${policy.name}`, scope }];
    });
    return [...own, ...policies];
  });
}

function findScope(
  { coverage, content }: ConfiguredImagePolicy,
  repository: Repository,
  pullspec: string,
): string | undefined {
  if (coverage.kind === 'everything') {
    const found = findForSource(parsePolicyContent(content), parseDockerReference(pullspec));
    return isScoped(found) ? describeScope(found) : undefined;
  }
  const covering = coverage.scopes.filter((scope) =>
    coversRepository({ coverage: { kind: 'scopes', scopes: [scope] } }, repository),
  );
  // The most specific is the longest: all are parts of the same repository.
  return covering.toSorted((left, right) => right.length - left.length)[0];
}

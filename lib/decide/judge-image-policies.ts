import { coversRepository } from '../image-policy/covers-repository.ts';
import type { Repository } from '../pullspec/repository.ts';
import type { PreparedTrust } from '../trust/prepared-trust.ts';
import type { Judgement } from '../verification/judge-signatures.ts';

/**
 * What the image policies that cover a repository make of it; undefined when none does, or when the profile requires
 * OpenPGP alone. A policy that this version cannot evaluate leaves the verdict open: it is never taken for a yes.
 */
export function judgeImagePolicies(repository: Repository, prepared: PreparedTrust): Judgement | undefined {
  if (prepared.require === 'openpgp') return undefined;
  // A node judges a mirrored pull by the repository that it mirrors.
  const judged = prepared.canonicalRepositories.includes(repository)
    ? [repository]
    : [repository, ...prepared.canonicalRepositories];
  const covering = prepared.imagePolicies.filter((policy) => judged.some((name) => coversRepository(policy, name)));
  if (covering.length === 0) return undefined;
  return {
    outcome: 'indeterminate',
    reasons: covering.map(({ kind, name, document }) => ({
      code: 'PolicyNotEvaluated',
      message: `${kind} ${name} (${document}) covers this image, and this version of Signet cannot evaluate it`,
      remedy: 'set require: openpgp in the Profile to decide by OpenPGP signatures alone',
    })),
  };
}

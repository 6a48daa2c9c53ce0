import type { Repository } from '../../base/names/repository.ts';
import type { MirrorRule } from '../../trust/prepared/prepared-trust.ts';

/**
 * The repository that a mirror's repository stands for by the mirror sets, for the remedy alone: no verdict
 * depends on it. The longest matching mirror counts.
 */
export function findMirrorSource(repository: Repository, rules: readonly MirrorRule[]): string | undefined {
  const matches = rules.filter(isForDigests).flatMap(({ source, mirrors }) =>
    mirrors.flatMap((mirror) => {
      const rest = restBelow(repository, mirror);
      return rest === undefined ? [] : [{ length: mirror.length, source: source + rest }];
    }),
  );
  return matches.toSorted((one, other) => other.length - one.length)[0]?.source;
}

/** The rules that redirect a repository, the most specific first. */
export function findMirrorsOf(repository: Repository, rules: readonly MirrorRule[]): readonly MirrorRule[] {
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

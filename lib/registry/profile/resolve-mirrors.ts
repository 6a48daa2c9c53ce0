import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { parseRepository } from '../../base/names/reference.ts';
import { type Repository, repositoryHost, repositoryPath } from '../../base/names/repository.ts';
import { parseScope, type Scope } from '../../base/names/scope.ts';
import type { MirrorRule } from '../../trust/prepared/prepared-trust.ts';

interface Match {
  readonly rule: MirrorRule;
  /** The longer, the more specific; every wildcard comes after every prefix. */
  readonly weight: number;
  /** What follows the source in the repository, with its `/`. */
  readonly rest: string;
}

/**
 * The repositories to read a pull from, in order: the mirrors of the most specific source that covers the repository,
 * then the repository itself, unless a rule says `NeverContactSource`. Several rules for one source count together.
 *
 * @param by pulls by digest go by ImageDigestMirrorSets, pulls by tag by ImageTagMirrorSets
 * @throws ConfigurationError `DocumentInvalid` for a mirror that makes no repository
 */
export function resolveMirrors(
  repository: Repository,
  rules: readonly MirrorRule[],
  by: 'digest' | 'tag' = 'digest',
): readonly Repository[] {
  const matches = rules
    .filter(({ tagsOnly }) => (tagsOnly === true) === (by === 'tag'))
    .map((rule) => matchRule(rule, repository))
    .filter((match) => match !== undefined);
  const heaviest = Math.max(...matches.map(({ weight }) => weight));
  const chosen = matches.filter(({ weight }) => weight === heaviest);
  const mirrors = chosen.flatMap(({ rule, rest }) => rule.mirrors.map((mirror) => toMirror(rule, mirror, rest)));
  const isSourceLeftOut = chosen.some(({ rule }) => rule.neverContactSource);
  const places = mirrors.filter((mirror) => mirror !== repository);
  return [...new Set(isSourceLeftOut ? places : [...places, repository])];
}

function matchRule(rule: MirrorRule, repository: Repository): Match | undefined {
  const scope = readScope(rule);
  switch (scope.kind) {
    case 'prefix': {
      const { prefix } = scope;
      if (repository !== prefix && !repository.startsWith(`${prefix}/`)) return undefined;
      return { rule, weight: prefix.length, rest: repository.slice(prefix.length) };
    }
    case 'subdomains': {
      const host = repositoryHost(repository).replace(/:[0-9]+$/, '');
      if (!host.endsWith(`.${scope.domain}`)) return undefined;
      return { rule, weight: scope.domain.length - WILDCARD_WEIGHT, rest: `/${repositoryPath(repository)}` };
    }
    default:
      return scope satisfies never;
  }
}

/** More than any host is long. */
const WILDCARD_WEIGHT = 1000;

function readScope(rule: MirrorRule): Scope {
  try {
    return parseScope(rule.source);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    const reason = `${rule.origin}: its source ${JSON.stringify(rule.source)} is not a scope`;
    throw new ConfigurationError('DocumentInvalid', reason, { cause });
  }
}

function toMirror({ origin }: MirrorRule, mirror: string, rest: string): Repository {
  try {
    const scope = parseScope(mirror);
    const name = scope.kind === 'prefix' ? `${scope.prefix}${rest}` : '';
    // A host alone would be read as a short name of Docker Hub.
    if (name.includes('/')) return parseRepository(name);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
  }
  const reason = `${origin}: its mirror ${JSON.stringify(mirror)} makes no repository of ${JSON.stringify(rest)}`;
  throw new ConfigurationError('DocumentInvalid', reason);
}

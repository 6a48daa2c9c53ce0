import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { isDigest } from '../../base/names/digest.ts';
import { parseRepository, type Repository, repositoryHost, repositoryPath } from '../../base/names/reference.ts';
import { parseScope, type Scope } from '../../base/names/scope.ts';
import type { MirrorRule } from '../../trust/prepared/prepared-trust.ts';
import type { ManifestReader } from './profile-registries.ts';

/** Opens the registry of a repository. @throws StoreError */
type OpenReader = (repository: Repository) => Promise<ManifestReader>;

/**
 * Reads manifests as a node with these mirror sets does: from each mirror in order, and from the source last. The content
 * is always compared with the requested digest, and each registry gets only its own credential.
 *
 * A mirror that fails, lacks the image or serves other bytes is skipped. If none is left, the error is the first that is not
 * `NotFound`, since a place that did not answer could have held the image. `NotFound` means that all places answered.
 */
export function createMirroredReader(open: OpenReader, rules: readonly MirrorRule[]): ManifestReader {
  return {
    async resolveTag(repository, tag, signal) {
      const places = resolveMirrors(repository, rules, 'tag');
      return await readFirst(places, signal, async (place) => (await open(place)).resolveTag(place, tag, signal));
    },
    async readManifest(repository, reference, signal) {
      const places = resolveMirrors(repository, rules, isDigest(reference) ? 'digest' : 'tag');
      return await readFirst(places, signal, async (place) =>
        (await open(place)).readManifest(place, reference, signal),
      );
    },
  };
}

/** The first answer of several repositories. @throws StoreError, or the signal's reason */
export async function readFirst<T>(
  places: readonly Repository[],
  signal: AbortSignal,
  read: (place: Repository) => Promise<T>,
): Promise<T> {
  const failures: { readonly place: Repository; readonly error: StoreError }[] = [];
  for (const place of places) {
    try {
      return await read(place);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StoreError)) throw error;
      failures.push({ place, error });
    }
  }
  throw toError(failures);
}

function toError(failures: readonly { readonly place: Repository; readonly error: StoreError }[]): StoreError {
  const { error } = failures.find(({ error: { code } }) => code !== 'NotFound') ?? failures[0] ?? {};
  if (error === undefined) return new StoreError('NotAllowed', 'the mirror sets name no mirror and forbid the source');
  if (failures.length === 1) return error;
  const told = failures.map(({ place, error: { message } }) => `${place}: ${message}`).join('; ');
  const waits = failures.flatMap(({ error: { retryAfterSeconds } }) => retryAfterSeconds ?? []);
  const retryAfterSeconds = waits.length === 0 ? undefined : Math.max(...waits);
  return new StoreError(error.code, told, { cause: error, retryAfterSeconds });
}

interface Match {
  readonly rule: MirrorRule;
  /** A longer source is more specific. Every wildcard comes after every prefix. */
  readonly weight: number;
  /** The part of the repository after the source, with its `/`. */
  readonly rest: string;
}

/**
 * The repositories to read a pull from, in order: the mirrors of the most specific source that covers the repository,
 * then the repository itself, unless a rule says `NeverContactSource`. Several rules for one source are combined.
 *
 * @param by ImageDigestMirrorSets apply to pulls by digest, ImageTagMirrorSets to pulls by tag
 * @throws ConfigurationError `DocumentInvalid` for a mirror that yields no valid repository
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

/** Longer than any host. */
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
  const reason = `${origin}: its mirror ${JSON.stringify(mirror)} and ${JSON.stringify(rest)} make no valid repository`;
  throw new ConfigurationError('DocumentInvalid', reason);
}

import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import type { Repository } from '../../base/names/reference.ts';
import { parseRepository } from '../../base/names/reference.ts';
import { documentError, type Path } from '../documents/parsed-document.ts';
import type { ProfileDocument } from '../documents/profile.ts';
import type { PreparedTrust } from '../prepared/prepared-trust.ts';
import { builtInBeside, builtInProfile } from '../prepared/profiles.ts';
import type { CollectedDocuments } from './collect-documents.ts';

type Repositories = Pick<PreparedTrust, 'canonicalRepositories' | 'graphAliases' | 'signedRepositories'>;

/**
 * The profile's repositories, from the first that names any: the Profile, `release-repository-*` keys, what is built
 * in. What is built in beside a canonical repository goes with it: a profile that names the repository has it too, and one
 * that replaces it has not.
 *
 * @throws ConfigurationError `TrustUnusable` when nothing names a canonical repository
 */
export function prepareRepositories(
  name: string,
  { configMap, profile }: Pick<CollectedDocuments, 'configMap' | 'profile'>,
): Repositories {
  const spec = profile?.spec;
  const graphAliases = readGraphAliases(profile);
  const written = spec?.canonicalRepositories ?? nonEmpty(configMap?.repositories);
  const canonicalRepositories = written ?? builtInProfile(name)?.canonicalRepositories;
  if (canonicalRepositories === undefined) {
    throw new ConfigurationError(
      'TrustUnusable',
      `nothing names a canonical repository of the profile ${name}: add canonicalRepositories to its Profile document`,
    );
  }
  const builtIn = builtInBeside(canonicalRepositories);
  return {
    canonicalRepositories: unique(canonicalRepositories),
    signedRepositories: unique(spec?.signedRepositories ?? [...canonicalRepositories, ...builtIn.signedRepositories]),
    graphAliases: graphAliases ?? builtIn.graphAliases,
  };
}

function readGraphAliases(profile: ProfileDocument | undefined): Record<Repository, Repository> | undefined {
  if (profile?.spec.graphAliases === undefined) return undefined;
  const aliases: Record<Repository, Repository> = {};
  for (const [text, repository] of Object.entries(profile.spec.graphAliases)) {
    const path = ['spec', 'graphAliases', text];
    const alias = parseAlias(profile, path, text);
    if (aliases[alias] !== undefined) {
      throw documentError('DocumentInvalid', profile.source, path, `the graph alias ${alias} occurs twice`);
    }
    aliases[alias] = repository;
  }
  return aliases;
}

function parseAlias(profile: ProfileDocument, path: Path, text: string): Repository {
  try {
    return parseRepository(text);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw documentError('DocumentInvalid', profile.source, path, `spec.graphAliases: ${cause.message}`, cause);
  }
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

function unique(repositories: readonly Repository[]): readonly Repository[] {
  return [...new Set(repositories)];
}

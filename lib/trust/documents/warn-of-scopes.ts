import { InputError } from '../../base/errors/input-error.ts';
import { parseReference } from '../../base/names/reference.ts';
import { repositoryHost } from '../../base/names/repository.ts';
import { documentWarning, type ParsedDocument, type Path } from './parsed-document.ts';

const WILDCARD = '*.';

/** A scope of the transport docker, and where its document says so. */
export interface PlacedScope {
  readonly scope: string;
  readonly path: Path;
}

/**
 * Scopes that no verdict comes under, where an operator may think that they protect an image: nodes compare scopes
 * letter by letter with the name that is pulled, and verdicts are of a repository in its one canonical spelling, by
 * digest.
 */
export function warnOfScopes(scopes: readonly PlacedScope[], source: ParsedDocument): readonly string[] {
  return scopes.flatMap(({ scope, path }) => {
    const fault = findFault(scope);
    if (fault === undefined) return [];
    const text = `the scope ${JSON.stringify(scope)} covers no image that is verified here: ${fault}`;
    return [documentWarning(source, path, text)];
  });
}

function findFault(scope: string): string | undefined {
  const [host = ''] = scope.split('/');
  const canonical = scope.startsWith(WILDCARD) ? host.toLowerCase() : toCanonicalHost(host);
  if (canonical !== undefined && canonical !== host) return `its host is looked for as ${canonical}`;
  const last = scope.slice(host.length).split('/').at(-1) ?? '';
  return last.includes(':') && !last.includes('@') ? 'images are asked for by digest, and it has a tag' : undefined;
}

/** Undefined for what no reference has in front. */
function toCanonicalHost(host: string): string | undefined {
  try {
    return repositoryHost(parseReference(`${host}/a/b`).repository);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

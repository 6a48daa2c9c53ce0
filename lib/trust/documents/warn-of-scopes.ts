import { InputError } from '../../errors/input-error.ts';
import type { ImagePolicy } from '../../image-policy/image-policy.ts';
import { parseReference } from '../../pullspec/reference.ts';
import { repositoryHost } from '../../pullspec/repository.ts';
import { documentWarning, type ParsedDocument } from './parsed-document.ts';

const WILDCARD = '*.';

/**
 * Scopes that no verdict comes under, where an operator may think that they protect an image: nodes compare scopes
 * letter by letter with the name that is pulled, and verdicts are of a repository in its one canonical spelling, by
 * digest.
 */
export function warnOfScopes(policy: ImagePolicy, source: ParsedDocument): readonly string[] {
  return [...(policy.transports.get('docker')?.keys() ?? [])].flatMap((scope) => {
    const fault = findFault(scope);
    if (fault === undefined) return [];
    const text = `the scope ${JSON.stringify(scope)} covers no image that is verified here: ${fault}`;
    return [documentWarning(source, ['transports', 'docker', scope], text)];
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

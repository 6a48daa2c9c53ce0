import { InputError } from '../errors/input-error.ts';
import { parseRegistryHost } from './parse-registry-host.ts';
import { parseReference } from './reference.ts';
import { repositoryPath } from './repository.ts';

/**
 * What a scope of a policy covers (containers-policy.json(5), transport `docker`): every host below a domain, or
 * a host, namespace or repository and all below it at a `/`.
 */
export type Scope =
  | { readonly kind: 'subdomains'; readonly domain: string }
  | { readonly kind: 'prefix'; readonly prefix: string };

const WILDCARD = '*.';

/** A tag or digest is checked and then left out: such a scope counts for its repository. @throws InputError. */
export function parseScope(text: string): Scope {
  if (text.startsWith(WILDCARD)) {
    // With a label in front, because `*.com` is a scope although `com` is no host.
    const host = parseRegistryHost(`a.${text.slice(WILDCARD.length)}`);
    return { kind: 'subdomains', domain: host.slice('a.'.length) };
  }
  const slash = text.indexOf('/');
  const host = parseRegistryHost(slash < 0 ? text : text.slice(0, slash));
  if (slash < 0) return { kind: 'prefix', prefix: host };
  return { kind: 'prefix', prefix: `${host}/${parseScopePath(text, host, text.slice(slash + 1))}` };
}

function parseScopePath(text: string, host: string, path: string): string {
  // One more component, because a policy names Docker Hub's repositories in full and namespaces look the same.
  const parent = 'a/';
  try {
    return repositoryPath(parseReference(`${host}/${parent}${path}`).repository).slice(parent.length);
  } catch (cause) {
    throw new InputError('ArgumentInvalid', `${JSON.stringify(text)} is not a scope`, { cause });
  }
}

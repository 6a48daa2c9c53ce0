import { InputError } from '../errors/input-error.ts';
import { parseScope, type Scope } from './parse-scope.ts';
import { type Repository, repositoryHost } from './repository.ts';

/** Anything that says what it covers; the trust's `ConfiguredImagePolicy` does. */
export interface CoveringPolicy {
  readonly coverage: { readonly kind: 'scopes'; readonly scopes: readonly string[] } | { readonly kind: 'everything' };
}

/** Whether a policy has a say over a repository. A scope that cannot be read covers everything: it must not drop out. */
export function coversRepository(policy: CoveringPolicy, repository: Repository): boolean {
  switch (policy.coverage.kind) {
    case 'everything':
      return true;
    case 'scopes':
      return policy.coverage.scopes.some((text) => scopeCovers(readScope(text), repository));
    default:
      return true;
  }
}

function readScope(text: string): Scope | undefined {
  try {
    return parseScope(text);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function scopeCovers(scope: Scope | undefined, repository: Repository): boolean {
  if (scope === undefined) return true;
  if (scope.kind === 'subdomains') return coversHost(scope.domain, repositoryHost(repository));
  return repository === scope.prefix || repository.startsWith(`${scope.prefix}/`);
}

/** Nodes leave the port out before they compare; a wildcard written with one must not drop out for it. */
function coversHost(domain: string, host: string): boolean {
  return host.endsWith(`.${domain}`) || host.replace(/:[0-9]+$/, '').endsWith(`.${domain}`);
}

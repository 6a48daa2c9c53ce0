import { InputError } from '../errors/input-error.ts';
import { parseReference, type Repository, repositoryHost, repositoryPath, toCanonicalHost } from './reference.ts';
import { parseRegistryHost } from './registry-host.ts';
import { withoutTrailing } from './store-url.ts';

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

/** Anything that says what it covers; the trust's `ConfiguredImagePolicy` does. */
interface CoveringPolicy {
  readonly coverage: { readonly kind: 'scopes'; readonly scopes: readonly string[] } | { readonly kind: 'everything' };
}

/** Whether a policy applies to a repository. A scope that cannot be read covers everything: it must never be ignored. */
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

/** Nodes leave the port out before they compare; a wildcard that is written with one must still match. */
function coversHost(domain: string, host: string): boolean {
  return host.endsWith(`.${domain}`) || host.replace(/:[0-9]+$/, '').endsWith(`.${domain}`);
}

/** A label in front of a wildcard's domain, so that no domain is taken for a whole host such as Docker Hub's. */
const LABEL = 'a.';
/** What is in front of an address in a browser. */
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
const IPV6_HOST = /^(\[[0-9A-Fa-f:.]+\])(.*)$/;

/**
 * A scope (host, namespace, repository, image, or `*.` and a domain) with its host in the one spelling that verdicts
 * use: lower case, no default port, no zeros in front of a port, no dot at the end, `docker.io` for its other name.
 * Paths, tags and digests stay as written. Text without a host comes back unchanged.
 */
function toCanonicalScope(scope: string): string {
  const slash = scope.indexOf('/');
  const [host, path] = slash < 0 ? [scope, ''] : [scope.slice(0, slash), scope.slice(slash)];
  if (!host.startsWith(WILDCARD)) return toCanonicalSpelling(host) + path;
  const domain = toCanonicalSpelling(LABEL + host.slice(WILDCARD.length)).slice(LABEL.length);
  return WILDCARD + domain + path;
}

/**
 * For hosts in operators' documents. Nodes compare scopes letter by letter with the name that is pulled, and Signet
 * compares canonical names: under any other spelling the two would apply different requirements to one image.
 *
 * @throws InputError `ArgumentInvalid` with the canonical spelling, when the host has another one
 */
export function requireCanonicalScope(scope: string): void {
  const fault = findSpellingFault(scope);
  if (fault !== undefined) throw new InputError('ArgumentInvalid', fault);
}

/** Why {@link requireCanonicalScope} refuses a scope; undefined when it does not. */
export function findSpellingFault(scope: string): string | undefined {
  const [scheme] = SCHEME.exec(scope) ?? [];
  if (scheme !== undefined) {
    const written = toCanonicalScope(scope.slice(scheme.length));
    return `${JSON.stringify(scope)} has a scheme: write ${JSON.stringify(written)}`;
  }
  const canonical = toCanonicalScope(scope);
  if (canonical === scope) return undefined;
  return `the host in ${JSON.stringify(scope)} is not in its canonical spelling: write ${JSON.stringify(canonical)}`;
}

function toCanonicalSpelling(host: string): string {
  const [, address = '', port = ''] = IPV6_HOST.exec(host) ?? [];
  const spelled = address === '' ? host : compress(address) + port;
  // Dots and colons that nothing follows: `a.example.`, `a.example.:443`, `a.example:`.
  const trimmed = withoutTrailing(spelled, '.:');
  const colon = trimmed.lastIndexOf(':');
  const isPort = colon >= 0 && /^[0-9]+$/.test(trimmed.slice(colon + 1));
  const named = isPort ? withoutTrailing(trimmed.slice(0, colon), '.') + trimmed.slice(colon) : trimmed;
  return named === '' ? host : toCanonicalHost(named);
}

/** The shortest form of an IPv6 address in brackets (RFC 5952); unchanged when it is none. */
function compress(address: string): string {
  return URL.parse(`http://${address}/`)?.hostname ?? address;
}

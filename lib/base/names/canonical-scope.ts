import { InputError } from '../errors/input-error.ts';
import { toCanonicalHost } from './reference.ts';

const WILDCARD = '*.';
/** A label in front of a wildcard's domain, so that no domain is taken for a whole host such as Docker Hub's. */
const LABEL = 'a.';
const IPV6_HOST = /^(\[[0-9A-Fa-f:.]+\])(.*)$/;

/**
 * A scope (host, namespace, repository, image, or `*.` and a domain) with its host in the one spelling that verdicts
 * use: lower case, no default port, no zeros in front of a port, no dot at the end, `docker.io` for its other name.
 * Paths, tags and digests stay as written. Text without a host comes back unchanged.
 */
export function toCanonicalScope(scope: string): string {
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
  const canonical = toCanonicalScope(scope);
  if (canonical === scope) return undefined;
  return `the host in ${JSON.stringify(scope)} is not in its canonical spelling: write ${JSON.stringify(canonical)}`;
}

function toCanonicalSpelling(host: string): string {
  const [, address = '', port = ''] = IPV6_HOST.exec(host) ?? [];
  const spelled = address === '' ? host : compress(address) + port;
  // Dots and colons that nothing follows: `a.example.`, `a.example.:443`, `a.example:`. From the start of a run alone,
  // so that a long one costs no more than its length.
  const trimmed = spelled.replace(/(?<![.:])[.:]+$/, '').replace(/(?<!\.)\.+(?=:[0-9]+$)/, '');
  return trimmed === '' ? host : toCanonicalHost(trimmed);
}

/** The shortest form of an IPv6 address in brackets (RFC 5952); unchanged when it is none. */
function compress(address: string): string {
  return URL.parse(`http://${address}/`)?.hostname ?? address;
}

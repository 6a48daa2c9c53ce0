import { isDigest } from '../../base/names/digest.ts';
import { isDockerHost } from '../../base/names/docker-reference.ts';
import { findSpellingFault } from '../../base/names/scope.ts';
import { type JsonPath, PolicyError } from './policy-members.ts';

const WILDCARD = '*.';

/**
 * Why a scope is not one of its transport; undefined when it is. The empty scope is valid; unknown transports
 * may have any. As on a node, but for wildcards of docker in places where none is known (`example*.*.com`,
 * `*.example.com/a`): nodes accept them and never match one, so they protect less than it seems.
 */
export function findScopeFault(transport: string, scope: string): string | undefined {
  if (scope === '') return undefined;
  switch (transport) {
    case 'docker':
      return findWildcardFault(scope);
    case 'atomic':
      return findWildcardFault(scope) ?? findStreamFault(scope);
    case 'docker-daemon':
      return isDigest(scope) ? 'an image ID has no scope' : findWildcardFault(scope);
    case 'dir':
    case 'oci':
    case 'oci-archive':
    case 'sif':
      return findPathFault(scope);
    case 'docker-archive':
    case 'tarball':
      return 'this transport has the scope "" alone';
    case 'containers-storage':
      return findStorageFault(scope);
    default:
      return undefined;
  }
}

/** Refuses a scope whose host has another spelling than the canonical one. @throws PolicyError */
export function requireCanonicalScopeAt(path: JsonPath, scope: string): void {
  const fault = findSpellingFault(scope);
  if (fault !== undefined) throw new PolicyError(path, fault);
}

function findWildcardFault(scope: string): string | undefined {
  if (!scope.includes('*')) return undefined;
  const domain = scope.slice(WILDCARD.length);
  if (scope.startsWith(WILDCARD) && isDockerHost(domain) && !domain.includes(':')) return undefined;
  return 'a wildcard is `*.` and a domain, without port and path';
}

function findStreamFault(scope: string): string | undefined {
  const [, namespace = '', stream = '', ...more] = scope.split('/');
  if (more.length === 0 && !namespace.includes(':') && stream.split(':').length <= 2) return undefined;
  return 'expected host[:port][/namespace[/stream[:tag]]]';
}

function findPathFault(scope: string): string | undefined {
  if (!scope.startsWith('/')) return 'expected an absolute path';
  if (scope === '/') return 'for all paths the scope is ""';
  const isClean = scope
    .slice(1)
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..');
  return isClean ? undefined : 'the path is not in its shortest form';
}

/** `[driver@/root]` or `[/root]`, then perhaps a name, a digest and an image ID. */
function findStorageFault(scope: string): string | undefined {
  const close = scope.indexOf(']');
  if (!scope.startsWith('[') || close < 0) return 'expected [driver@root] or [root] in front';
  const store = scope.slice(1, close);
  const at = store.indexOf('@');
  if (at === 0 || !store.slice(at + 1).startsWith('/')) return 'the root of the store is not an absolute path';
  const [, first, ...more] = splitStorageName(scope.slice(close + 1));
  const last = more[0];
  if (first !== undefined && !isDigest(first) && (last !== undefined || !isImageId(first))) {
    return 'behind the name comes a digest or an image ID';
  }
  return last === undefined || isImageId(last) ? undefined : 'behind the digest comes an image ID';
}

/** At most three fields: what follows a second `@` is one of them. */
function splitStorageName(text: string): readonly string[] {
  const [name = '', first, ...rest] = text.split('@');
  return [name, ...(first === undefined ? [] : [first]), ...(rest.length === 0 ? [] : [rest.join('@')])];
}

function isImageId(text: string): boolean {
  return isDigest(`sha256:${text}`);
}

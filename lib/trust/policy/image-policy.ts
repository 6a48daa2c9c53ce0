import { InputError } from '../../base/errors/input-error.ts';
import { type DockerReference, formatDockerReference, isNameOnly } from '../../base/names/docker-reference.ts';
import type { PolicyRequirement } from './policy-requirement.ts';

/** A policy.json, read: requirements by transport and scope, and what applies where no scope does. */
export interface ImagePolicy {
  /** Never empty. */
  readonly default: readonly PolicyRequirement[];
  /** By transport, then by scope as written (the empty scope is the transport's own default); lists are never empty. */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, readonly PolicyRequirement[]>>;
}

/** The requirements that an image has to meet, and the scope that they come from. */
export interface FoundRequirements {
  /** Never empty; all of them have to be met. */
  readonly requirements: readonly PolicyRequirement[];
  /** The scope that was used, `""` for a transport's own default; or the default of the whole policy. */
  readonly scope: { readonly transport: string; readonly scope: string } | 'default';
}

const TRANSPORT_DEFAULT = '';

/** The requirements of the most specific scope alone: those of wider scopes do not count. @throws InputError */
export function findRequirements(policy: ImagePolicy, image: PolicyImage): FoundRequirements {
  const { transport } = image;
  const scopes = policy.transports.get(transport);
  // Listed first: an image without scopes is refused whatever the policy holds.
  for (const scope of [...listScopes(image), TRANSPORT_DEFAULT]) {
    const requirements = scopes?.get(scope);
    if (requirements !== undefined) return { requirements, scope: { transport, scope } };
  }
  return { requirements: policy.default, scope: 'default' };
}

/** An image as a policy finds it: in a registry by reference, or on disk by an absolute path without symbolic links. */
export type PolicyImage =
  | { readonly transport: 'atomic' | 'docker'; readonly reference: DockerReference }
  | { readonly transport: 'dir' | 'oci' | 'oci-archive'; readonly path: string };

/**
 * The scopes that cover an image, from the most specific. The transport's own default, `""`, is not among them.
 * @throws InputError `PullspecInvalid` for a reference without tag and digest or with both; `ArgumentInvalid` for a
 * path that is not absolute, which would drop out of every scope.
 */
export function listScopes(image: PolicyImage): readonly string[] {
  return 'reference' in image ? listReferenceScopes(image.reference) : listPathScopes(image.path);
}

function listReferenceScopes(reference: DockerReference): readonly string[] {
  const text = formatDockerReference(reference);
  if (isNameOnly(reference)) throw new InputError('PullspecInvalid', `${text} has neither a tag nor a digest`);
  if (reference.tag !== undefined && reference.digest !== undefined) {
    throw new InputError('PullspecInvalid', `${text} has a tag and a digest: which scope counts would be a guess`);
  }
  const parents = listParents(reference.name);
  const host = parents.at(-1) ?? reference.name;
  return [text, ...parents, ...listWildcards(host)];
}

/** A path has a slash in front: its last parent is the empty text, which is no scope of its own. */
function listPathScopes(path: string): readonly string[] {
  const parts = path.split('/').slice(1);
  if (!path.startsWith('/') || (path !== '/' && parts.some((part) => part === '' || part === '.' || part === '..'))) {
    throw new InputError('ArgumentInvalid', `${JSON.stringify(path)} is not an absolute path in its shortest form`);
  }
  return listParents(path).filter((parent) => parent !== '' && parent !== '/');
}

/**
 * A scope of the transport docker and all that enclose it, from the most specific: where an image that comes under it
 * is looked for next.
 */
export function listEnclosingScopes(scope: string): readonly string[] {
  const parents = listParents(toScopeName(scope));
  return [...new Set([scope, ...parents, ...listWildcards(parents.at(-1) ?? scope)])];
}

/** A scope of the transport docker that accepts anything, within one that does not. */
interface OpenScope {
  readonly scope: string;
  /** All that enclose it, from the most specific. */
  readonly within: readonly string[];
}

/** Where nodes ask for nothing although a wider scope does: the most specific scope alone counts. */
export function findOpenScopes({ transports }: ImagePolicy): readonly OpenScope[] {
  const docker = transports.get('docker') ?? new Map<string, readonly PolicyRequirement[]>();
  const isOpen = (scope: string): boolean =>
    docker.get(scope)?.every(({ type }) => type === 'insecureAcceptAnything') === true;
  return [...docker.keys()].filter(isOpen).flatMap((scope) => {
    const within = listEnclosingScopes(scope).filter((one) => one !== scope && docker.has(one) && !isOpen(one));
    return within.length === 0 ? [] : [{ scope, within }];
  });
}

/** A scope of the transport docker without the tag and digest of an image; a host keeps its port. */
export function toScopeName(scope: string): string {
  const [named = ''] = scope.split('@');
  const slash = named.lastIndexOf('/');
  const colon = named.indexOf(':', slash + 1);
  return slash < 0 || colon < 0 ? named : named.slice(0, colon);
}

/** The text itself, then each part of it that ends in front of a slash. */
function listParents(text: string): readonly string[] {
  const parts = text.split('/');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
}

/** `*.` and each domain above a host; a wildcard never has a port. */
function listWildcards(host: string): readonly string[] {
  const [name = ''] = host.split(':', 1);
  const labels = name.split('.');
  return labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
}

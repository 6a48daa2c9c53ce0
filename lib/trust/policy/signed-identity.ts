import { InputError } from '../../base/errors/input-error.ts';
import {
  type DockerReference,
  formatDockerReference,
  isDockerHost,
  isDockerPath,
  isNameOnly,
  parseDockerReference,
} from '../../base/names/docker-reference.ts';
import { requireCanonicalScopeAt } from './find-scope-fault.ts';
import { type JsonPath, PolicyError, readAnyMembers, readMembers, readRequiredText } from './policy-members.ts';

/** What a signature must say that it is for, beside the digest (`signedIdentity` of containers-policy.json(5)). */
export type SignedIdentity =
  | { readonly type: 'matchExact' }
  | { readonly type: 'matchRepoDigestOrExact' }
  | { readonly type: 'matchRepository' }
  | { readonly type: 'exactReference'; readonly dockerReference: string }
  | { readonly type: 'exactRepository'; readonly dockerRepository: string }
  | { readonly type: 'remapIdentity'; readonly prefix: string; readonly signedPrefix: string };

/**
 * Whether a signature's `docker-reference` is one that an identity accepts for an image. The digest is not compared:
 * the caller verifies that the signature, the manifest and the image's own digest agree. An image of a
 * directory has no reference, and only `exactReference` and `exactRepository` accept a signature for it.
 */
export function matchesIdentity(
  identity: SignedIdentity,
  image: DockerReference | undefined,
  untrustedSignedReference: string,
): boolean {
  try {
    return matches(identity, image, parseDockerReference(untrustedSignedReference));
  } catch (error) {
    // Text that is not a reference matches nothing.
    if (error instanceof InputError) return false;
    throw error;
  }
}

function matches(identity: SignedIdentity, image: DockerReference | undefined, signed: DockerReference): boolean {
  switch (identity.type) {
    case 'matchExact':
      return image !== undefined && isExactly(image, signed);
    case 'matchRepoDigestOrExact':
      return image !== undefined && isRepositoryOfDigestOrExactly(image, signed);
    case 'matchRepository':
      return image !== undefined && image.name === signed.name;
    case 'exactReference':
      return isExactly(parseDockerReference(identity.dockerReference), signed);
    case 'exactRepository':
      return parseDockerReference(identity.dockerRepository).name === signed.name;
    case 'remapIdentity':
      return image !== undefined && isRepositoryOfDigestOrExactly(remapReference(identity, image), signed);
    default:
      return false;
  }
}

function isExactly(intended: DockerReference, signed: DockerReference): boolean {
  // Without a tag and a digest on both sides, equality would say nothing about which image was signed.
  if (isNameOnly(intended) || isNameOnly(signed)) return false;
  return formatDockerReference(intended) === formatDockerReference(signed);
}

function isRepositoryOfDigestOrExactly(intended: DockerReference, signed: DockerReference): boolean {
  if (intended.tag !== undefined) return isExactly(intended, signed);
  // The digest names the image, so any tag of the same repository may have been signed.
  return intended.digest !== undefined && !isNameOnly(signed) && intended.name === signed.name;
}

/** Two prefixes of `remapIdentity`: hosts, namespaces or repositories in full. */
interface Remapping {
  readonly prefix: string;
  readonly signedPrefix: string;
}

/** Whether a prefix is the reference's name or ends at one of its slashes. */
function hasPrefix(prefix: string, { name }: DockerReference): boolean {
  return name === prefix || name.startsWith(`${prefix}/`);
}

/**
 * The reference as it was signed: its prefix exchanged, or as it is when it has another one.
 * @throws InputError `PullspecInvalid` when what comes out is not a reference in full.
 */
export function remapReference({ prefix, signedPrefix }: Remapping, reference: DockerReference): DockerReference {
  if (!hasPrefix(prefix, reference)) return reference;
  const text = `${signedPrefix}${formatDockerReference(reference).slice(prefix.length)}`;
  const remapped = parseDockerReference(text);
  // A signed prefix that is a short name would become another repository on Docker Hub.
  if (formatDockerReference(remapped) !== text) {
    throw new InputError(
      'PullspecInvalid',
      `${JSON.stringify(text)}, which an identity is remapped to, is a short name`,
    );
  }
  return remapped;
}

/** A `signedIdentity` or `baseLayerIdentity` at a path. @throws PolicyError */
export function parseSignedIdentity(content: unknown, path: JsonPath): SignedIdentity {
  const type = readRequiredText(readAnyMembers(content, path), 'type');
  switch (type) {
    case 'matchExact':
    case 'matchRepoDigestOrExact':
    case 'matchRepository':
      readMembers(content, path, ['type']);
      return { type };
    case 'exactReference':
      return { type, dockerReference: readExactReference(content, path) };
    case 'exactRepository':
      return { type, dockerRepository: readExactRepository(content, path) };
    case 'remapIdentity':
      return {
        type,
        prefix: readPrefix(content, path, 'prefix'),
        signedPrefix: readPrefix(content, path, 'signedPrefix'),
      };
    default:
      throw new PolicyError([...path, 'type'], `unknown identity ${JSON.stringify(type.slice(0, 80))}`);
  }
}

function readExactReference(content: unknown, path: JsonPath): string {
  const text = readRequiredText(readMembers(content, path, ['type', 'dockerReference']), 'dockerReference');
  if (isNameOnly(readReference(text, [...path, 'dockerReference']))) {
    throw new PolicyError([...path, 'dockerReference'], 'the reference needs a tag or a digest');
  }
  return text;
}

/** A tag or digest is allowed, and ignored. */
function readExactRepository(content: unknown, path: JsonPath): string {
  const text = readRequiredText(readMembers(content, path, ['type', 'dockerRepository']), 'dockerRepository');
  readReference(text, [...path, 'dockerRepository']);
  return text;
}

function readReference(text: string, path: JsonPath) {
  try {
    const reference = parseDockerReference(text);
    // Without a slash there is no host: what follows a colon is a tag.
    if (text.includes('/')) requireCanonicalScopeAt(path, text);
    return reference;
  } catch (error) {
    if (error instanceof InputError) throw new PolicyError(path, error.message);
    throw error;
  }
}

function readPrefix(content: unknown, path: JsonPath, name: 'prefix' | 'signedPrefix'): string {
  const text = readRequiredText(readMembers(content, path, ['type', 'prefix', 'signedPrefix']), name);
  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  requireCanonicalScopeAt([...path, name], text);
  if (isDockerHost(host) && (slash < 0 || isDockerPath(text.slice(slash + 1)))) return text;
  throw new PolicyError(
    [...path, name],
    'expected a host, or a namespace or repository in full, without tag and digest',
  );
}

import { type Digest, isDigest, toStoreSegment } from '../../base/names/digest.ts';
import { MAX_RELEASE_SIGNATURES, MAX_SIGNATURE_BYTES } from '../../stores/port/signature-store.ts';
import { isProfileName } from '../../trust/prepared/profiles.ts';
import { isProfilePlace } from '../../trust/prepared/trust-document.ts';
import {
  MAX_FILE_BYTES,
  MAX_MANIFEST_BYTES,
  MAX_NAME_BYTES,
  MAX_PATH_BYTES,
  MAX_SIGSTORE_INDEX_BYTES,
} from './limits.ts';

export const MANIFEST_PATH = 'manifest.json';
export const README_PATH = 'README.md';
/** An OCI layout, as other tools read it too. */
const SIGSTORE_FOLDER = 'sigstore';
export const SIGSTORE_INDEX_PATH = `${SIGSTORE_FOLDER}/index.json`;
export const SIGSTORE_LAYOUT_PATH = `${SIGSTORE_FOLDER}/oci-layout`;

/** A path in a bundle, by what is stored there. There are no other paths. */
export type BundlePath =
  | { readonly kind: 'manifest' | 'readme'; readonly path: string }
  | { readonly kind: 'configMap'; readonly path: string; readonly name: string }
  | { readonly kind: 'trust'; readonly path: string; readonly profile: string; readonly document: string }
  | { readonly kind: 'signature'; readonly path: string; readonly digest: Digest; readonly index: number }
  /** Of the OCI layout with what registries keep beside images; `digest` of a blob. */
  | { readonly kind: 'sigstore'; readonly path: string; readonly digest: Digest | undefined };

const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const CONFIG_MAP_NAME = /^[a-z0-9][a-z0-9._-]*\.yaml$/;
const SIGNATURE_NAME = /^signature-([1-9])$/;

/**
 * Recognises a path by a grammar that has no way to say `..`, an absolute path, a drive, a backslash, a control or
 * anything beyond ASCII: so nothing escapes, and no two spellings are one path after normalisation.
 *
 * @returns undefined for every other text
 */
export function parseBundlePath(path: string): BundlePath | undefined {
  if (path.length > MAX_PATH_BYTES) return undefined;
  if (path === MANIFEST_PATH) return { kind: 'manifest', path };
  if (path === README_PATH) return { kind: 'readme', path };
  const [folder = '', ...rest] = path.split('/');
  switch (folder) {
    case 'configmaps':
      return toConfigMapPath(path, rest);
    case 'trust':
      return toTrustPath(path, rest);
    case 'signatures':
      return toSignaturePath(path, rest);
    case SIGSTORE_FOLDER:
      return toSigstorePath(path, rest);
    default:
      return undefined;
  }
}

/** `signatures/<algo>=<hex>/signature-<n>`, as in the mirror. */
export function signaturePath(digest: Digest, index: number): string {
  return `signatures/${toStoreSegment(digest)}/signature-${index}`;
}

/** `sigstore/blobs/<algo>/<hex>`, as in every OCI layout. */
export function sigstoreBlobPath(digest: Digest): string {
  return `${SIGSTORE_FOLDER}/blobs/${digest.replace(':', '/')}`;
}

/** Bytes that a file of this kind may have. */
export function maxBytesOf({ kind, path }: BundlePath): number {
  switch (kind) {
    case 'sigstore':
      return path === SIGSTORE_INDEX_PATH ? MAX_SIGSTORE_INDEX_BYTES : MAX_FILE_BYTES;
    case 'manifest':
      return MAX_MANIFEST_BYTES;
    case 'signature':
      return MAX_SIGNATURE_BYTES;
    case 'configMap':
    case 'readme':
    case 'trust':
      return MAX_FILE_BYTES;
    default:
      return kind satisfies never;
  }
}

function toConfigMapPath(path: string, [name = '', ...more]: readonly string[]): BundlePath | undefined {
  const isName = more.length === 0 && CONFIG_MAP_NAME.test(name) && name.length <= MAX_NAME_BYTES;
  return isName ? { kind: 'configMap', path, name } : undefined;
}

function toTrustPath(path: string, [profile = '', ...names]: readonly string[]): BundlePath | undefined {
  const name = names.at(-1) ?? '';
  const isPlace = isProfilePlace(names);
  const isName = FILE_NAME.test(name) && name.length <= MAX_NAME_BYTES;
  if (!isPlace || !isName || !isProfileName(profile)) return undefined;
  return { kind: 'trust', path, profile, document: names.join('/') };
}

function toSignaturePath(path: string, [segment = '', name = '', ...more]: readonly string[]): BundlePath | undefined {
  const digest = segment.replace('=', ':');
  const index = Number(SIGNATURE_NAME.exec(name)?.[1]);
  const isSignature = more.length === 0 && segment.includes('=') && index <= MAX_RELEASE_SIGNATURES;
  return isSignature && isDigest(digest) ? { kind: 'signature', path, digest, index } : undefined;
}

function toSigstorePath(path: string, [name = '', ...rest]: readonly string[]): BundlePath | undefined {
  if (path === SIGSTORE_INDEX_PATH || path === SIGSTORE_LAYOUT_PATH)
    return { kind: 'sigstore', path, digest: undefined };
  const digest = rest.join(':');
  return name === 'blobs' && rest.length === 2 && isDigest(digest) ? { kind: 'sigstore', path, digest } : undefined;
}

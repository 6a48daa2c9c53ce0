import { type Digest, isDigest, toStoreSegment } from '../pullspec/digest.ts';
import { MAX_RELEASE_SIGNATURES, MAX_SIGNATURE_BYTES } from '../signatures/signature-store.ts';
import { isProfilePlace } from '../trust/profile-folders.ts';
import { isProfileName } from '../trust/profile-name.ts';
import { MAX_FILE_BYTES, MAX_MANIFEST_BYTES, MAX_NAME_BYTES, MAX_PATH_BYTES } from './limits.ts';

export const MANIFEST_PATH = 'manifest.json';
export const README_PATH = 'README.md';

/** What lies at a path of a bundle. There are no other paths. */
export type BundlePath =
  | { readonly kind: 'manifest' | 'readme'; readonly path: string }
  | { readonly kind: 'configMap'; readonly path: string; readonly name: string }
  | { readonly kind: 'trust'; readonly path: string; readonly profile: string; readonly document: string }
  | { readonly kind: 'signature'; readonly path: string; readonly digest: Digest; readonly index: number };

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
    default:
      return undefined;
  }
}

/** `signatures/<algo>=<hex>/signature-<n>`, as in the mirror. */
export function signaturePath(digest: Digest, index: number): string {
  return `signatures/${toStoreSegment(digest)}/signature-${index}`;
}

/** Bytes that a file of this kind may have. */
export function maxBytesOf({ kind }: BundlePath): number {
  switch (kind) {
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

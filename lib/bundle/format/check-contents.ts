import { compareKeys } from '../../platform/objects/port/object-key.ts';
import { BundleError, type BundleFaultCode } from './bundle-error.ts';
import { MANIFEST_PATH, maxBytesOf, parseBundlePath } from './bundle-path.ts';
import { MAX_BUNDLE_BYTES, MAX_BUNDLE_FILES } from './limits.ts';
import type { BundledFile, Manifest } from './manifest.ts';

/**
 * Holds what a manifest lists against the format. Paths ascend, so none is there twice; that no two are the same on a
 * file system that ignores case is checked apart. After Unicode normalisation there are none either: paths are ASCII.
 *
 * @throws BundleError
 */
export function checkContents({ contents, digests }: Pick<Manifest, 'contents' | 'digests'>): void {
  if (contents.length >= MAX_BUNDLE_FILES) throw fault('LimitExceeded', `it lists ${contents.length} files`);
  const folded = new Set<string>();
  const signatures = new Map<string, number>();
  let last = '';
  let total = 0;
  for (const file of contents) {
    checkFile(file);
    const { path, size } = file;
    if (path === last || folded.has(path.toLowerCase())) throw fault('DuplicatePath', `${path} is listed twice`, path);
    if (compareKeys(path, last) < 0) throw fault('ManifestInvalid', `${path} is not in order`, path);
    folded.add(path.toLowerCase());
    last = path;
    total += size;
    const parsed = parseBundlePath(path);
    if (parsed?.kind === 'signature') signatures.set(parsed.digest, (signatures.get(parsed.digest) ?? 0) + 1);
  }
  if (total > MAX_BUNDLE_BYTES)
    throw fault('LimitExceeded', `it lists ${total} bytes, at most ${MAX_BUNDLE_BYTES} are read`);
  const isCounted =
    digests.length === signatures.size &&
    digests.every(({ digest, signatures: count }) => signatures.get(digest) === count) &&
    new Set(digests.map(({ digest }) => digest)).size === digests.length;
  if (!isCounted) throw fault('ManifestInvalid', 'the digests are not those of the signatures that it lists');
}

function checkFile({ path, size }: BundledFile): void {
  const parsed = parseBundlePath(path);
  if (parsed === undefined || parsed.kind === 'manifest') {
    throw fault('PathRefused', `it lists ${JSON.stringify(path.slice(0, 160))}, which is no path of a bundle`);
  }
  const limit = maxBytesOf(parsed);
  if (size > limit) throw fault('LimitExceeded', `it says ${size} bytes, at most ${limit} are read`, path);
}

function fault(code: BundleFaultCode, message: string, path = MANIFEST_PATH): BundleError {
  return new BundleError(code, path === MANIFEST_PATH ? `the manifest is refused: ${message}` : message, { path });
}

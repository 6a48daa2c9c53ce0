import { InputError } from '../../base/errors/input-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { BundleError, type BundleFault, toFault } from '../format/bundle-error.ts';
import { isGzip, openBundleFile } from '../format/bundle-file.ts';
import { MAX_MANIFEST_BYTES } from '../format/limits.ts';
import { digestManifest, type Manifest, parseManifest } from '../format/manifest.ts';
import { readBundle } from '../format/read-bundle.ts';

/** A bundle that was made before, as far as the next one needs to know it. */
export interface Earlier {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest's bytes. */
  readonly sha256: string;
}

/**
 * Reads an earlier bundle, or its `manifest.json`. A bundle is read to its end: what it lists and does not hold never
 * reached the other side.
 *
 * @throws InputError `FileUnreadable`, also for a bundle with any fault; StoreError
 */
export async function readEarlier(file: string, signal: AbortSignal): Promise<Earlier> {
  const handle = await openBundleFile(file);
  try {
    if (await isGzip(handle)) {
      const { manifest, manifestSha256, faults } = await readBundle(handle, signal);
      const [fault] = faults;
      if (fault !== undefined) throw unreadable(file, fault);
      if (manifest !== undefined && manifestSha256 !== undefined) return { manifest, sha256: manifestSha256 };
    }
    const contents = await readRegularFile(file, MAX_MANIFEST_BYTES, 'follow');
    if (contents.kind !== 'whole') {
      throw unreadable(file, { code: 'LimitExceeded', message: `it is longer than ${MAX_MANIFEST_BYTES} bytes` });
    }
    return { manifest: parseManifest(contents.bytes), sha256: digestManifest(contents.bytes) };
  } catch (error) {
    if (error instanceof BundleError) throw unreadable(file, toFault(error));
    throw error;
  } finally {
    await handle.close();
  }
}

function unreadable(file: string, { code, path, message }: BundleFault): InputError {
  const where = path === undefined ? '' : `${path}: `;
  return new InputError('FileUnreadable', `${file} is no earlier bundle: ${where}${message} (${code})`);
}

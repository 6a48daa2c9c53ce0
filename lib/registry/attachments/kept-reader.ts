import type { AttachmentReader } from './attachment.ts';

/** Bytes of answers that are kept, at most: those of the images that are looked at just now. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;

/**
 * A reader that keeps what it read last. What lies beside an image is looked at twice, with all that it is signed by and as
 * a node reads it; the registry is asked once, and both see the same. A failure is not kept, and who asks again asks the
 * registry.
 */
export function createKeptReader(reader: AttachmentReader, maxBytes: number = MAX_KEPT_BYTES): AttachmentReader {
  const manifests = createKept<Awaited<ReturnType<AttachmentReader['readManifest']>>>(maxBytes / 2);
  const blobs = createKept<Uint8Array>(maxBytes / 2);
  return {
    async readManifest(repository, digestOrTag, signal) {
      signal.throwIfAborted();
      const name = `${repository} ${digestOrTag}`;
      const known = manifests.find(name);
      if (known !== undefined) return known;
      const manifest = await reader.readManifest(repository, digestOrTag, signal);
      manifests.keep(name, manifest, manifest.bytes.length);
      return manifest;
    },
    async readBlob(repository, digest, options) {
      options.signal.throwIfAborted();
      const name = `${repository} ${digest}`;
      const known = blobs.find(name);
      // What is too long for this caller is said by the reader.
      if (known !== undefined && known.length <= options.limitBytes) return known;
      const bytes = await reader.readBlob(repository, digest, options);
      blobs.keep(name, bytes, bytes.length);
      return bytes;
    },
    listReferrers: (repository, digest, signal) => reader.listReferrers(repository, digest, signal),
  };
}

interface Kept<T> {
  readonly find: (name: string) => T | undefined;
  /** Drops what was kept first, until all is within the limit. */
  readonly keep: (name: string, value: T, bytes: number) => void;
}

function createKept<T>(maxBytes: number): Kept<T> {
  const kept = new Map<string, { readonly value: T; readonly bytes: number }>();
  let total = 0;
  const drop = (name: string): void => {
    total -= kept.get(name)?.bytes ?? 0;
    kept.delete(name);
  };
  return {
    find: (name) => kept.get(name)?.value,
    keep(name, value, bytes) {
      drop(name);
      kept.set(name, { value, bytes });
      total += bytes;
      for (const oldest of kept.keys()) {
        if (total <= maxBytes) return;
        drop(oldest);
      }
    },
  };
}

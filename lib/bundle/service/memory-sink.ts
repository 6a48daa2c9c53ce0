import type { BundleSink } from '../format/bundle-sink.ts';
import { ExportError } from './export-failure.ts';

/**
 * Bytes of a bundle, packed. Twice in memory while it is put together, beside the files that it is made of, which have
 * at most `MAX_BUNDLE_BYTES`: together they stay within the 2 GB of the function.
 */
export const MAX_EXPORT_BYTES = 128 * 1024 * 1024;

export interface MemorySink extends BundleSink {
  /** The bundle, once it is whole. */
  readonly take: () => Buffer;
}

/** Holds a bundle in memory, to be written with one request. `write` throws an ExportError beyond the limit. */
export function createMemorySink(description: string, limitBytes: number = MAX_EXPORT_BYTES): MemorySink {
  let chunks: Uint8Array[] = [];
  let total = 0;
  let isWhole = false;
  return {
    description,
    async write(bytes) {
      total += bytes.length;
      if (total > limitBytes) throw new ExportError('LimitExceeded', `the bundle has more than ${limitBytes} bytes`);
      chunks.push(Uint8Array.from(bytes));
    },
    async commit() {
      isWhole = true;
    },
    async abort() {
      chunks = [];
    },
    take() {
      if (!isWhole) throw new Error('the bundle is not whole');
      return Buffer.concat(chunks);
    },
  };
}

import { Buffer } from 'node:buffer';
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw } from 'node:zlib';
import { paddingOf, TAR_BLOCK, toTarHeader } from './tar-header.ts';

export interface BundleFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Where a bundle goes: a file, or an object. Nothing is there before `commit`, and nothing of it after `abort`; one of
 * the two is called once, last.
 */
export interface BundleSink {
  /** Short, for messages. */
  readonly description: string;
  /** Takes the next bytes; resolves when more may come. @throws StoreError */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes what was written the bundle, whole and durable. @throws StoreError */
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** RFC 1952: deflate, no flags, no time, no extra, an unknown system. The same in every bundle. */
export const GZIP_HEADER = Buffer.from('1f8b08000000000000ff', 'hex');
/** Bytes of the checksum and the length that end a gzip member. */
export const GZIP_TRAILER_BYTES = 8;
/** Every setting that the packed bytes depend on, beside the zlib of this Node. */
const DEFLATE = { level: 6, memLevel: 8, windowBits: 15, strategy: 0 } as const;

/** Writes the files, in their order, as tar within gzip: one file is in memory twice, and no more. @throws StoreError */
export async function writeArchive(files: Iterable<BundleFile>, sink: BundleSink, signal: AbortSignal): Promise<void> {
  let checksum = 0;
  let length = 0;
  const blocks = function* (): Generator<Buffer> {
    for (const block of toTarBlocks(files)) {
      checksum = crc32(block, checksum);
      length += block.length;
      yield block;
    }
  };
  await sink.write(GZIP_HEADER);
  await pipeline(
    blocks,
    createDeflateRaw(DEFLATE),
    async (packed: AsyncIterable<Uint8Array>) => {
      for await (const chunk of packed) await sink.write(chunk);
    },
    { signal },
  );
  const trailer = Buffer.alloc(GZIP_TRAILER_BYTES);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  await sink.write(trailer);
}

function* toTarBlocks(files: Iterable<BundleFile>): Generator<Buffer> {
  for (const { path, bytes } of files) {
    yield Buffer.concat([toTarHeader(path, bytes.length), bytes, Buffer.alloc(paddingOf(bytes.length))]);
  }
  yield Buffer.alloc(2 * TAR_BLOCK);
}

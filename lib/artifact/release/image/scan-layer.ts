import { Readable } from 'node:stream';
import { createTarDecoder } from 'modern-tar';
import { StoreError } from '../../../base/errors/store-error.ts';
import { createLayerEntries, type LayerFindings } from './layer-entries.ts';
import { MAX_LAYER_ENTRIES, MAX_RELEASE_FILE_BYTES } from './limits.ts';
import { ReleaseError } from './release-error.ts';

/**
 * What one unpacked layer does to the release's files. It is read to its end, strictly: whole headers, an end, and
 * nothing behind it. Nothing is written anywhere.
 *
 * @throws ReleaseError, and what the source throws
 */
export async function scanLayer(chunks: AsyncIterable<Uint8Array>): Promise<LayerFindings> {
  const decoder = createTarDecoder({ strict: true });
  const entries = Readable.toWeb(Readable.from(chunks, { objectMode: false })).pipeThrough(decoder);
  const found = createLayerEntries();
  let count = 0;
  try {
    for await (const { header, body } of entries) {
      count += 1;
      if (count > MAX_LAYER_ENTRIES) {
        throw new ReleaseError('LimitExceeded', `a layer has more than ${MAX_LAYER_ENTRIES} entries`);
      }
      const file = found.consider(header);
      // Read to its end all the same: modern-tar 0.8 takes the cancelling of one body for that of the next one.
      if (file === undefined) await drain(body);
      else found.keep(file, await readFile(body, file));
    }
  } catch (cause) {
    if (cause instanceof ReleaseError || cause instanceof StoreError) throw cause;
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new ReleaseError('LayerInvalid', `a layer is not a whole tar archive: ${fault}`, { cause });
  }
  return found.finish();
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

async function readFile(body: AsyncIterable<Uint8Array>, file: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > MAX_RELEASE_FILE_BYTES) {
      throw new ReleaseError('LimitExceeded', `${file} is longer than ${MAX_RELEASE_FILE_BYTES} bytes`);
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

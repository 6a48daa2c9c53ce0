import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/repository.ts';
import type { RegistryRequests } from './registry-requests.ts';
import { readDigested } from './stream-blob-content.ts';

/** Milliseconds that one blob may take from its request to its last byte. */
export const BLOB_TIMEOUT_MS = 15 * 60 * 1000;
/** Milliseconds for which a registry may send nothing of it. */
export const BLOB_STALL_MS = 15_000;

export interface StreamOptions {
  /** Bytes of the blob as it is kept. */
  readonly limitBytes: number;
  readonly signal: AbortSignal;
  readonly stallMs?: number | undefined;
}

/**
 * Hands a blob to a reader as it comes. What the reader makes of it is believed, and returned, only when the whole blob
 * had its digest. A connection that was cut is made again, and the reader called anew.
 *
 * @throws what the reader throws; StoreError `ContentMismatch`, `LimitExceeded`, `TimedOut`, and those of every request
 */
export async function streamBlob<T>(
  requests: RegistryRequests,
  blob: { readonly repository: Repository; readonly digest: Digest },
  { limitBytes, signal, stallMs = BLOB_STALL_MS }: StreamOptions,
  read: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  const { repository, digest } = blob;
  const stall = createStall(`${repository}@${digest}`, stallMs);
  let settled: PromiseSettledResult<T> | undefined;
  try {
    await requests.ask({
      repository,
      path: `blobs/${digest}`,
      method: 'GET',
      accept: '*/*',
      limitBytes,
      signal: AbortSignal.any([signal, stall.signal]),
      timeoutMs: BLOB_TIMEOUT_MS,
      consume: async (body) => {
        settled = await readDigested(stall.watch(body), digest, read);
      },
    });
  } finally {
    stall.end();
  }
  // The compiler does not see that a 200 has a body to consume.
  if (settled === undefined) throw new StoreError('BodyInvalid', `${repository}@${digest}: the answer has no body`);
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/** Aborts when nothing comes for a while. The time that the reader takes does not count. */
function createStall(what: string, milliseconds: number) {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => clearTimeout(timer);
  const begin = (): void => {
    end();
    const fault = new StoreError('TimedOut', `${what}: nothing came for ${milliseconds} ms`);
    timer = setTimeout(() => controller.abort(fault), milliseconds);
  };
  begin();
  return {
    signal: controller.signal,
    end,
    async *watch(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      begin();
      for await (const chunk of body) {
        end();
        yield chunk;
        begin();
      }
      end();
    },
  };
}

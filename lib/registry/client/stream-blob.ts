import { createHash } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { RegistryRequests } from './registry-requests.ts';

/** Milliseconds that one blob may take from its request to its last byte. */
const BLOB_TIMEOUT_MS = 15 * 60 * 1000;
/** Milliseconds that a registry may pause. */
const BLOB_STALL_MS = 15_000;

export interface StreamOptions {
  /** Bytes of the blob as it is kept. */
  readonly limitBytes: number;
  readonly signal: AbortSignal;
  readonly stallMs?: number | undefined;
}

/**
 * Streams a blob to a reader. The reader's result is returned only if the whole blob has the digest. If the connection is
 * cut, the request is repeated and the reader called again.
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

/** Aborts when the registry pauses for too long. The reader's own time does not count. */
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

/**
 * Streams untrusted bytes to a reader, and returns its result only once all bytes, also those that it left unread, have the
 * digest. An error of the reader is a result as well: it is reported only for the requested content.
 *
 * @param read gets the bytes once; it may stop early
 * @throws StoreError `ContentMismatch`, and what the bytes' source throws
 */
export async function readDigested<T>(
  untrustedChunks: AsyncIterable<Uint8Array>,
  digest: Digest,
  read: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<PromiseSettledResult<T>> {
  const algorithm = digest.slice(0, digest.indexOf(':'));
  const hash = createHash(algorithm);
  const iterator = untrustedChunks[Symbol.asyncIterator]();
  const sourceFaults: unknown[] = [];

  async function take(): Promise<Uint8Array | undefined> {
    try {
      const next = await iterator.next();
      if (next.done === true) return undefined;
      hash.update(next.value);
      return next.value;
    } catch (error) {
      sourceFaults.push(error);
      throw error;
    }
  }

  async function* pass(): AsyncGenerator<Uint8Array> {
    for (let chunk = await take(); chunk !== undefined; chunk = await take()) yield chunk;
  }

  try {
    const [settled] = await Promise.allSettled([read(pass())]);
    while (sourceFaults.length === 0 && (await take()) !== undefined);
    // A read that the reader started and did not await may have failed meanwhile.
    if (sourceFaults.length > 0) throw sourceFaults[0];
    const actual = `${algorithm}:${hash.digest('hex')}`;
    if (actual === digest) return settled;
    throw new StoreError('ContentMismatch', `the content has the digest ${actual}; asked for was ${digest}`);
  } finally {
    await iterator.return?.();
  }
}

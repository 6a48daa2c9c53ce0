import { createHash } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';

/**
 * Hands untrusted bytes to a reader as they come, and gives its result away only once all of them, those that it left
 * unread included, have the digest. A reader's own fault is a result as well: it is told of nothing but the content
 * that was asked for.
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
    // What the reader had asked for and not waited for may have failed meanwhile.
    if (sourceFaults.length > 0) throw sourceFaults[0];
    const actual = `${algorithm}:${hash.digest('hex')}`;
    if (actual === digest) return settled;
    throw new StoreError('ContentMismatch', `the content has the digest ${actual}; asked for was ${digest}`);
  } finally {
    await iterator.return?.();
  }
}

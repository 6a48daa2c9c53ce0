import { describe, expect, it } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { AttachmentReader } from '../../../lib/registry/attachments/attachment.ts';
import { createKeptReader } from '../../../lib/registry/attachments/kept-reader.ts';

const ONE = parseRepository('registry.example.com/one');
const OTHER = parseRepository('registry.example.com/other');
const DIGEST = parseDigest(`sha256:${'a'.repeat(64)}`);
const { signal } = new AbortController();

interface Registry extends AttachmentReader {
  readonly asked: string[];
  /** What the next request fails with. */
  fault: Error | undefined;
}

/** Answers with as many bytes, and writes down what it was asked. */
function startRegistry(length: number): Registry {
  const asked: string[] = [];
  const ask = async (what: string): Promise<void> => {
    asked.push(what);
    const { fault } = registry;
    registry.fault = undefined;
    await (fault === undefined ? Promise.resolve() : Promise.reject(fault));
  };
  const registry: Registry = {
    asked,
    fault: undefined,
    async readManifest(repository, digestOrTag) {
      await ask(`manifest ${repository} ${digestOrTag}`);
      return { bytes: new Uint8Array(length), digest: DIGEST, mediaType: 'application/vnd.oci.image.manifest.v1+json' };
    },
    async readBlob(repository, digest, { limitBytes }) {
      await ask(`blob ${repository} ${digest}`);
      if (length > limitBytes) throw new StoreError('LimitExceeded', 'too long');
      return new Uint8Array(length);
    },
    async listReferrers(repository) {
      await ask(`referrers ${repository}`);
      return undefined;
    },
  };
  return registry;
}

describe('a reader that keeps what it read', () => {
  it('asks once for what is in one repository by one name', async () => {
    const registry = startRegistry(10);
    const reader = createKeptReader(registry);
    for (const repository of [ONE, OTHER, ONE, OTHER]) {
      for (const name of [DIGEST, 'v1', 'v2']) {
        expect((await reader.readManifest(repository, name, signal)).bytes).toHaveLength(10);
      }
      expect(await reader.readBlob(repository, DIGEST, { limitBytes: 10, signal })).toHaveLength(10);
    }
    expect(registry.asked).toHaveLength(8);
    expect(new Set(registry.asked).size).toBe(8);
  });

  it('asks again after a failure', async () => {
    const registry = startRegistry(10);
    const reader = createKeptReader(registry);
    const read = async (): Promise<unknown> => await reader.readManifest(ONE, 'v1', signal);
    registry.fault = new StoreError('Unavailable', 'later');
    await expect(read()).rejects.toThrow('later');
    expect(await read()).toBeDefined();
    await read();
    registry.fault = new StoreError('ConnectionFailed', 'cut');
    await expect(reader.readBlob(ONE, DIGEST, { limitBytes: 10, signal })).rejects.toThrow('cut');
    expect(await reader.readBlob(ONE, DIGEST, { limitBytes: 10, signal })).toHaveLength(10);
    expect(registry.asked).toHaveLength(4);
  });

  it('leaves what is too long for a caller to the registry', async () => {
    const registry = startRegistry(10);
    const reader = createKeptReader(registry);
    await reader.readBlob(ONE, DIGEST, { limitBytes: 10, signal });
    const shorter = reader.readBlob(ONE, DIGEST, { limitBytes: 9, signal });
    await expect(shorter).rejects.toMatchObject({ code: 'LimitExceeded' });
    expect(registry.asked).toHaveLength(2);
  });

  it('forgets what it read first, once that is too much', async () => {
    const registry = startRegistry(10);
    const reader = createKeptReader(registry, 50);
    const read = async (...tags: readonly string[]): Promise<void> => {
      for (const tag of tags) await reader.readManifest(ONE, tag, signal);
    };
    await read('a', 'b', 'a', 'b');
    expect(registry.asked).toHaveLength(2);
    await read('c', 'b', 'c');
    expect(registry.asked).toHaveLength(3);
    await read('a');
    expect(registry.asked).toHaveLength(4);
  });

  it('keeps no list of referrers, and nothing after an abort', async () => {
    const registry = startRegistry(10);
    const reader = createKeptReader(registry);
    await reader.listReferrers(ONE, DIGEST, signal);
    await reader.listReferrers(ONE, DIGEST, signal);
    await reader.readManifest(ONE, 'v1', signal);
    expect(registry.asked).toHaveLength(3);
    const over = AbortSignal.abort(new Error('over'));
    await expect(reader.readManifest(ONE, 'v1', over)).rejects.toThrow('over');
    await expect(reader.readBlob(ONE, DIGEST, { limitBytes: 10, signal: over })).rejects.toThrow('over');
  });
});

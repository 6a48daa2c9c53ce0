import { gzipSync } from 'node:zlib';
import type { S3Event } from 'aws-lambda';
import { packTar } from 'modern-tar';
import { describe, expect, test } from 'vitest';
import { createHandler } from '../../functions/publish-trust/handler.ts';
import { loadTrust } from '../../lib/trust/source/load-trust.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { FIXTURE_TIME, readFixtureDocuments } from '../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';

async function packFixture(more: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
  const entries = readFixtureDocuments(more).map(({ name, bytes }) => ({
    header: { name, size: bytes.length, type: 'file' as const },
    body: bytes,
  }));
  return gzipSync(await packTar(entries));
}

/** The members of a notification that the function reads. */
function eventOf(...keys: readonly string[]): S3Event {
  const Records = keys.map((key) => ({ s3: { object: { key } } }));
  return { Records } as S3Event;
}

const context = createLocalContext('publish-trust');

describe('publish-trust', () => {
  test('an archive in the inbox becomes the current revision', async () => {
    const objects = createMemoryObjectStore([['trust-inbox/ocp.tar.gz', await packFixture()]]);
    const telemetry = createKeptTelemetry();
    const [publication] = await createHandler({ objects, telemetry })(eventOf('trust-inbox/ocp.tar.gz'), context);
    expect(publication?.outcome).toBe('published');
    expect((await loadTrust(objects, 'ocp', FIXTURE_TIME)).trust.revision).toBe(publication?.revision);
    expect(telemetry.counts.get('TrustPublished')).toBe(1);
    expect(telemetry.flushes()).toBe(1);
  });

  test.each<[string, string, Promise<Uint8Array>, RegExp]>([
    ['a broken document', 'trust-inbox/ocp.tar.gz', packFixture({ 'bad.yaml': 'a: [' }), /bad\.yaml/],
    ['no archive', 'trust-inbox/ocp.tar.gz', Promise.resolve(Buffer.from('x')), /not gzip/],
    ['a key elsewhere', 'trust/ocp.tar.gz', packFixture(), /trust-inbox/],
    ['a key below', 'trust-inbox/a/ocp.tar.gz', packFixture(), /trust-inbox/],
    ['a profile that is none', 'trust-inbox/..tar.gz', packFixture(), /trust-inbox/],
  ])('%s is thrown, and the profile keeps its revision', async (_, key, archive, message) => {
    const objects = createMemoryObjectStore([['trust-inbox/ocp.tar.gz', await packFixture()]]);
    const telemetry = createKeptTelemetry();
    const handler = createHandler({ objects, telemetry });
    await handler(eventOf('trust-inbox/ocp.tar.gz'), context);
    const before = await loadTrust(objects, 'ocp', FIXTURE_TIME);
    const stored = await objects.readObject(key, 1e6);
    if (key.startsWith('trust-inbox/') && !key.includes('..'))
      await objects.replaceObject(key, await archive, stored?.etag);
    await expect(handler(eventOf(key), context)).rejects.toThrow(message);
    expect(await loadTrust(objects, 'ocp', FIXTURE_TIME)).toEqual(before);
    expect(telemetry.counts.get('TrustNotPublished')).toBe(1);
  });

  test('an object that is gone is an error, not a success', async () => {
    const handler = createHandler({ objects: createMemoryObjectStore(), telemetry: createKeptTelemetry() });
    await expect(handler(eventOf('trust-inbox/ocp.tar.gz'), context)).rejects.toThrow(/does not exist/);
  });
});

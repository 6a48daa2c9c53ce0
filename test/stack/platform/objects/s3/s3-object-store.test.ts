import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createS3Client } from '../../../../../lib/platform/objects/s3/s3-client.ts';
import { createS3LightObjectStore } from '../../../../../lib/platform/objects/s3/s3-light-object-store.ts';
import { createS3ObjectStore } from '../../../../../lib/platform/objects/s3/s3-object-store.ts';
import { runBounded } from '../../../../../lib/platform/queues/run-bounded.ts';
import {
  describeObjectStoreContract,
  listKeys,
  readText,
  storeErrorCode,
  toBytes,
} from '../../../../platform/objects/object-store-contract.ts';
import { createTestBuckets } from '../../../../support/s3-server/make-bucket.ts';
import { hasS3Server, startS3Server, type TestS3Server } from '../../../../support/s3-server/start-s3-server.ts';

if (hasS3Server()) {
  describeS3();
} else {
  describe('s3', () => {
    it.skip('no S3 server: versitygw is not installed; npm run test:tools', () => undefined);
  });
}

async function startServer(): Promise<TestS3Server> {
  const server = await startS3Server();
  if (server === undefined) throw new Error('the S3 server is gone');
  return server;
}

function describeS3(): void {
  describe('s3', async () => {
    const server = await startServer();
    const client = createS3Client(server);
    const { makeBucket, removeBuckets } = createTestBuckets(client);

    beforeAll(async () => {
      // So that a server that answers but does not work fails once, and clearly.
      await makeBucket();
    });

    afterAll(async () => {
      try {
        await removeBuckets();
      } finally {
        client.destroy();
        await server.stop();
      }
    });

    const makeFull = async () => createS3ObjectStore({ client, bucket: await makeBucket() });

    describeObjectStoreContract('s3', makeFull);

    describeObjectStoreContract('s3 light, listed by the other', async () => {
      const bucket = await makeBucket();
      const full = createS3ObjectStore({ client, bucket });
      const light = createS3LightObjectStore({ ...server, bucket, prefix: '' });
      return { ...light, listObjects: (prefix, start) => full.listObjects(prefix, start) };
    });

    it('reads with one store what the other has written', async () => {
      const bucket = await makeBucket();
      const full = createS3ObjectStore({ client, bucket });
      const light = createS3LightObjectStore({ ...server, bucket, prefix: '' });
      await full.createObject("a+b/c d!'()*~%2F", toBytes('one'));
      const stored = await light.readObject("a+b/c d!'()*~%2F", 100);
      expect(stored?.etag).toBe((await full.readObject("a+b/c d!'()*~%2F", 100))?.etag);
      expect(await light.replaceObject("a+b/c d!'()*~%2F", toBytes('two'), stored?.etag)).toBe(true);
      expect(await readText(full, "a+b/c d!'()*~%2F")).toBe('two');
    });

    it('keeps to its prefix', async () => {
      const bucket = await makeBucket();
      const whole = createS3ObjectStore({ client, bucket });
      const part = createS3ObjectStore({ client, bucket, prefix: 'p/q' });
      const light = createS3LightObjectStore({ ...server, bucket, prefix: 'p/q' });
      await part.createObject('a', toBytes('one'));
      await light.createObject('b', toBytes('two'));
      await whole.createObject('p/qr/c', toBytes('three'));
      expect(part.description).toBe(`s3://${bucket}/p/q`);
      expect(await listKeys(part, '')).toEqual(['a', 'b']);
      expect(await listKeys(whole, 'p/q/')).toEqual(['p/q/a', 'p/q/b']);
      expect(await readText(light, 'a')).toBe('one');
      const longKey = `${'abcd/'.repeat(204)}abcd`;
      expect(await storeErrorCode(part.createObject(longKey, toBytes('one')))).toBe('KeyRefused');
    });

    it('lists more than a page holds, sorted, from the first or after another one', async () => {
      const store = createS3ObjectStore({ client, bucket: await makeBucket(), prefix: 'p' });
      const keys = Array.from({ length: 1010 }, (_, index) => `a/${String(index).padStart(4, '0')}`);
      await runBounded(keys, 32, (key) => store.createObject(key, toBytes('')));
      expect(await listKeys(store, '')).toEqual(keys);
      expect(await listKeys(store, 'a/', 'a/0003')).toEqual(keys.slice(4));
    });

    it('lists neither the folder of a console nor the working area of a directory store', async () => {
      const bucket = await makeBucket();
      for (const key of ['a/', '.tmp/write-1']) {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: '', ContentLength: 0 }));
      }
      const store = createS3ObjectStore({ client, bucket });
      await store.createObject('a/b', toBytes('one'));
      expect(await listKeys(store, '')).toEqual(['a/b']);
    });

    it.each(['full', 'light'])('does not take a missing bucket for an absent object: %s', async (kind) => {
      const bucket = 'signet-test-no-such-bucket';
      const store =
        kind === 'full'
          ? createS3ObjectStore({ client, bucket })
          : createS3LightObjectStore({ ...server, bucket, prefix: '' });
      expect(await storeErrorCode(store.readObject('a', 100))).toBe('StatusUnexpected');
      expect(await storeErrorCode(store.createObject('a', toBytes('one')))).toBe('StatusUnexpected');
      expect(await storeErrorCode(store.replaceObject('a', toBytes('one'), '"etag"'))).toBe('StatusUnexpected');
    });

    it.each(['full', 'light'])('does not take a refused signature for an absent object: %s', async (kind) => {
      const bucket = await makeBucket();
      const wrong = { ...server, credentials: { accessKeyId: 'test', secretAccessKey: 'wrong' } };
      const store =
        kind === 'full'
          ? createS3ObjectStore({ client: createS3Client(wrong), bucket })
          : createS3LightObjectStore({ ...wrong, bucket, prefix: '' });
      expect(await storeErrorCode(store.readObject('a', 100))).toBe('NotAllowed');
      expect(await storeErrorCode(store.createObject('a', toBytes('one')))).toBe('NotAllowed');
    });
  });
}

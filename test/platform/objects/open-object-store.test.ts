import { spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { openLightObjectReader } from '../../../lib/platform/objects/open-light-object-reader.ts';
import { openLightObjectStore } from '../../../lib/platform/objects/open-light-object-store.ts';
import { openObjectStore } from '../../../lib/platform/objects/open-object-store.ts';
import { parseS3Location, toObjectUrl } from '../../../lib/platform/objects/s3/s3-location.ts';

function readNoAws(): never {
  throw new Error('the environment is read before the location is');
}

describe('an object store by location', () => {
  it.each([
    { location: '/data/mirror', description: 'directory /data/mirror' },
    { location: 'data', description: 'directory data' },
    { location: 's3://signet-mirror', description: 's3://signet-mirror' },
    { location: 's3://signet-mirror/a/b/', description: 's3://signet-mirror/a/b' },
  ])('is opened: $location', async ({ location, description }) => {
    expect((await openObjectStore(location, { region: 'us-east-1' })).description).toBe(description);
  });

  it.each([
    { name: 'empty', location: '' },
    { name: 'another scheme', location: 'https://bucket.example/' },
    { name: 'no bucket', location: 's3:///a' },
    { name: 'an upper-case bucket', location: 's3://Bucket' },
    { name: 'a bucket with a port', location: 's3://bucket:80/a' },
    { name: 'a prefix that climbs', location: 's3://bucket/../a' },
    { name: 'a prefix with an empty segment', location: 's3://bucket/a//b' },
    { name: "the directory store's own area", location: 's3://bucket/.tmp/a' },
  ])('is refused: $name', async ({ location }) => {
    const refused = expect.objectContaining({ code: 'ArgumentInvalid' }) as Error;
    await expect(openObjectStore(location)).rejects.toThrow(refused);
    await expect(openLightObjectStore(location, readNoAws)).rejects.toThrow(refused);
    await expect(openLightObjectReader(location, readNoAws)).rejects.toThrow(refused);
  });

  it('loads no AWS SDK for a directory', () => {
    const module = path.join(import.meta.dirname, '../../../lib/platform/objects/open-object-store.ts');
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, context, next) => {
        if (name.startsWith('@aws-sdk') || name.startsWith('@smithy')) throw new Error('loaded ' + name);
        return next(name, context);
      } });
      const { openObjectStore } = await import(process.argv[1]);
      await openObjectStore('/data');
      await openObjectStore('s3://bucket').then(() => process.exit(1), () => console.log('only for S3'));`;
    const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script, module], { encoding: 'utf8' });
    expect({ status: run.status, stdout: run.stdout.trim(), stderr: run.stderr }).toEqual({
      status: 0,
      stdout: 'only for S3',
      stderr: '',
    });
  });
});

it('reads a location into bucket and prefix', () => {
  expect(parseS3Location('s3://bucket/a/b')).toEqual({ bucket: 'bucket', prefix: 'a/b' });
});

describe('the URL of an object', () => {
  it.each([
    { name: 'own host', bucket: 'b', region: 'eu-west-1', url: 'https://b.s3.eu-west-1.amazonaws.com/a%3Db/c%20d' },
    { name: 'dots', bucket: 'b.c', region: 'eu-west-1', url: 'https://s3.eu-west-1.amazonaws.com/b.c/a%3Db/c%20d' },
    { name: 'China', bucket: 'b', region: 'cn-north-1', url: 'https://b.s3.cn-north-1.amazonaws.com.cn/a%3Db/c%20d' },
    { name: 'endpoint', bucket: 'b', region: 'x', endpoint: 'http://h:1/', url: 'http://h:1/b/a%3Db/c%20d' },
  ])('is by the rules: $name', ({ url, ...address }) => {
    expect(toObjectUrl(address, 'a=b/c d').href).toBe(url);
  });
});

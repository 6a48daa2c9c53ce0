import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../../support/fixture-releases.ts';
import { createTestBuckets, type TestBuckets } from '../../support/s3-server/make-bucket.ts';
import { hasS3Server, startS3Server, type TestS3Server } from '../../support/s3-server/start-s3-server.ts';

const MAIN = path.join(import.meta.dirname, '../../../local/main.ts');
const PULLSPEC = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';

if (!hasS3Server()) {
  process.stderr.write('not run: versitygw: the service over a bucket (npm run test:tools installs it)\n');
}

describe.skipIf(!hasS3Server())('the service over a bucket', () => {
  let server: TestS3Server | undefined;
  let client: S3Client;
  let buckets: TestBuckets;
  let work = '';
  const started: ChildProcess[] = [];

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'signet-bucket-'));
    server = await startS3Server();
    client = new S3Client({ ...server, forcePathStyle: true });
    buckets = createTestBuckets(client);
  });
  afterAll(async () => {
    for (const child of started) child.kill('SIGKILL');
    await buckets.removeBuckets();
    client.destroy();
    await server?.stop();
    await rm(work, { recursive: true, force: true });
  });

  function toEnvironment(): NodeJS.ProcessEnv {
    return {
      HOME: work,
      AWS_ENDPOINT_URL_S3: server?.endpoint,
      AWS_REGION: server?.region,
      AWS_ACCESS_KEY_ID: server?.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server?.credentials.secretAccessKey,
    };
  }

  /** Starts a service that stays, or ends by itself. */
  async function start(...args: readonly string[]) {
    const child = spawn(process.execPath, [MAIN, '--port', '0', ...args], { cwd: work, env: toEnvironment() });
    started.push(child);
    let output = '';
    const ended = once(child, 'close');
    const ready = new Promise<void>((resolve) => {
      child.stderr.on('data', (text) => {
        output += String(text);
        if (output.includes('ready at')) resolve();
      });
    });
    await Promise.race([ready, ended]);
    return { child, output, url: /ready at (\S+)/.exec(output)?.[1] ?? '' };
  }

  async function verify(url: string) {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ pullspec: PULLSPEC });
    const response = await fetch(`${url}/v1/verify`, { method: 'POST', headers, body });
    const { outcome } = (await response.json()) as { readonly outcome: string };
    return { outcome, record: response.headers.get('location') ?? '' };
  }

  async function keysOf(bucket: string): Promise<readonly string[]> {
    const { Contents: contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return contents.map(({ Key: key = '' }) => key);
  }

  test('keeps trust, mirror and records in it, and another machine goes on with them', async () => {
    const bucket = await buckets.makeBucket();
    const location = ['--objects', `s3://${bucket}/site-1`, '--trust', FIXTURE_TRUST];
    const first = await start('--data', path.join(work, 'first'), ...location, '--store', FIXTURE_STORE);
    const { outcome, record } = await verify(first.url);
    expect([first.output, outcome]).toEqual([expect.stringContaining('ready at'), 'accepted']);
    expect(await readdir(path.join(work, 'first'))).not.toContain('objects');
    const keys = await keysOf(bucket);
    expect(keys.filter((key) => !key.startsWith('site-1/'))).toEqual([]);
    for (const kind of ['trust/', 'records/']) {
      expect(keys.filter((key) => key.startsWith(`site-1/${kind}`))).not.toEqual([]);
    }
    first.child.kill('SIGTERM');
    await once(first.child, 'close');
    expect(first.child.exitCode).toBe(0);
    const second = await start('--data', path.join(work, 'second'), ...location, '--store', FIXTURE_STORE);
    const again = await fetch(`${second.url}${record}`);
    expect([again.status, (await verify(second.url)).outcome]).toEqual([200, 'accepted']);
  });

  test('a wrong call ends in one line, with the option to change', async () => {
    const data = path.join(work, 'wrong');
    const trust = ['--trust', FIXTURE_TRUST];
    for (const [args, message] of [
      [['--objects', 's3://no-such-bucket-here', ...trust], /^signet: --objects s3:\/\/no-such-bucket-here: .+\n$/],
      [['--objects', 's3://Not_A_Bucket', ...trust], /^signet: .*Not_A_Bucket.*\n$/],
      [['--objects', 'https://bucket.example.com', ...trust], /^signet: .*https:\/\/bucket\.example\.com.*\n$/],
      [['--objects', '', ...trust], /^signet: --objects must not be empty\n$/],
      // A demo would publish a key that anybody may have.
      [['--objects', `s3://${await buckets.makeBucket()}`], /^signet: --objects needs --trust.*\n$/],
    ] as const) {
      const { child, output } = await start('--data', data, ...args);
      expect([args, child.exitCode, output]).toEqual([args, 2, expect.stringMatching(message)]);
    }
  });
});

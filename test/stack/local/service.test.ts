import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { toMirrorBody } from '../../../lib/mirror/sync/mirror-message.ts';
import { createSqsQueue } from '../../../lib/platform/queues/sqs-client.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { startQueues } from '../../../local/queues/start-queues.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../../support/fixture-releases.ts';
import { until } from '../../support/until.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const good = fixtureReleases.filter(({ expected }) => expected === 'accept');
const digestOf = (pullspec: string): string => pullspec.slice(pullspec.indexOf('@') + 1);
const run = promisify(execFile);

interface Service {
  readonly url: string;
  readonly process: ChildProcess;
  readonly output: () => string;
}

async function start(...args: readonly string[]): Promise<Service> {
  const child = spawn(process.execPath, [path.join(ROOT, 'local/main.ts'), '--port', '0', ...args], { cwd: work });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const url = (): string | undefined => /ready at (\S+)/.exec(output)?.[1];
  await until(
    () => {
      if (child.exitCode !== null) throw new Error(`the service did not start: ${output}`);
      return url() !== undefined;
    },
    () => output,
  );
  return { url: url() ?? '', process: child, output: () => output };
}

async function stop({ process: child }: Service, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}

async function verify(
  url: string,
  pullspec: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; verdict: Verdict; location: string }> {
  const response = await fetch(`${url}/v1/verify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ pullspec }),
  });
  return {
    status: response.status,
    verdict: (await response.json()) as Verdict,
    location: response.headers.get('location') ?? '',
  };
}

let work = '';
let upstream: Server;
let isUpstreamOn = true;
let upstreamUrl = '';

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-service-'));
  upstream = createServer((request, response) => {
    const file = path.join(FIXTURE_STORE, request.url ?? '');
    if (!isUpstreamOn) response.destroy();
    else
      readFile(file).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});
afterAll(async () => {
  upstream.close();
  upstream.closeAllConnections();
  await rm(work, { recursive: true });
});

const withUpstream = (data: string): readonly string[] => [
  '--data',
  path.join(work, data),
  '--trust',
  FIXTURE_TRUST,
  '--store',
  upstreamUrl,
  '--allow-private-stores',
];

describe('a running service', () => {
  test('verifies, mirrors, serves and records; and goes on when the upstream is gone', async () => {
    isUpstreamOn = true;
    const service = await start(...withUpstream('whole'));
    for (const { pullspec, expected } of fixtureReleases) {
      const { status, verdict } = await verify(service.url, pullspec);
      expect([status, verdict.outcome]).toEqual([200, expected === 'accept' ? 'accepted' : 'rejected']);
    }
    const signatureUrl = (pullspec: string, index: number, prefix = '/signatures'): string =>
      `${service.url}${prefix}/${digestOf(pullspec).replace(':', '=')}/signature-${index}`;
    for (const { pullspec } of good) await until(async () => (await fetch(signatureUrl(pullspec, 1))).status === 200);

    isUpstreamOn = false;
    for (const { pullspec } of good) {
      const { status, verdict } = await verify(service.url, pullspec);
      expect([status, verdict.outcome, verdict.attempts[0]?.store]).toEqual([200, 'accepted', 'mirror']);
      const published = await readFile(path.join(FIXTURE_STORE, digestOf(pullspec).replace(':', '='), 'signature-1'));
      for (const prefix of ['/signatures', '/api/upgrades_info/signatures']) {
        const served = await fetch(signatureUrl(pullspec, 1, prefix));
        expect(Buffer.from(await served.arrayBuffer())).toEqual(published);
        expect(served.headers.get('cache-control')).toBe('public, max-age=300');
        const again = await fetch(signatureUrl(pullspec, 1, prefix), {
          headers: { 'if-none-match': served.headers.get('etag') ?? '' },
        });
        expect(again.status).toBe(304);
        const head = await fetch(signatureUrl(pullspec, 1, prefix), { method: 'HEAD' });
        expect([head.status, head.headers.get('content-length')]).toEqual([200, String(published.length)]);
      }
      const second = await fetch(signatureUrl(pullspec, 2));
      expect([second.status, second.headers.get('cache-control')]).toEqual([404, 'public, max-age=60']);
    }
    const unknown = await fetch(`${service.url}/signatures/sha256=${'0'.repeat(64)}/signature-1`);
    expect([unknown.status, unknown.headers.get('cache-control')]).toEqual([404, 'public, max-age=60']);
    const bad = fixtureReleases.filter(({ expected }) => expected !== 'accept');
    for (const { pullspec } of bad) {
      expect((await fetch(signatureUrl(pullspec, 1))).status).toBe(404);
      expect((await verify(service.url, pullspec)).status).toBe(503);
    }
    expect(await stop(service)).toBe(0);
  });

  test('keeps a record of each verdict, and each re-checks offline', async () => {
    isUpstreamOn = true;
    const service = await start(...withUpstream('whole'));
    for (const { pullspec } of fixtureReleases) {
      const { location } = await verify(service.url, pullspec);
      const record = await fetch(service.url + location);
      expect(record.status).toBe(200);
      const file = path.join(work, 'record.json');
      await writeFile(file, Buffer.from(await record.arrayBuffer()));
      const cli = [path.join(ROOT, 'cli/shell/main.ts'), 'record', 'verify', file];
      const objects = path.join(work, 'whole/objects');
      const byObjects = await run(process.execPath, [...cli, '--objects', objects, '-o', 'json']);
      expect(JSON.parse(byObjects.stdout)).toMatchObject({ outcome: 'confirmed' });
      const byTrust = await run(process.execPath, [...cli, '--trust', FIXTURE_TRUST]);
      expect(byTrust.stdout).toContain('confirmed');
      const listed = (await (await fetch(`${service.url}/v1/records/${digestOf(pullspec)}`)).json()) as {
        records: { id: string }[];
      };
      expect(listed.records.map(({ id }) => id)).toContain(location.split('/').at(-1));
    }
    const [{ pullspec } = { pullspec: '' }] = good;
    const before = await readdir(path.join(work, 'whole/objects/records/by-id'));
    await verify(service.url, pullspec);
    await verify(service.url, pullspec);
    expect(await readdir(path.join(work, 'whole/objects/records/by-id'))).toEqual(before);
    await stop(service);
  });

  test('logs nothing that was a secret', async () => {
    const service = await start(...withUpstream('secrets'));
    const secret = 'hunter2-very-secret';
    await verify(service.url, good[0]?.pullspec ?? '', {
      authorization: `Bearer ${secret}`,
      cookie: `session=${secret}`,
      'x-api-key': secret,
    });
    await fetch(`${service.url}/webhooks/quay/${secret}`, { method: 'POST' });
    await fetch(`${service.url}/v1/records/${digestOf(good[0]?.pullspec ?? '')}?after=${secret}`);
    await fetch(`${service.url}/v1/verify`, {
      method: 'POST',
      body: `{"pullspec":"${secret}`,
      headers: { 'content-type': 'application/json' },
    });
    await stop(service);
    expect(service.output()).toContain('"path":"/v1/verify"');
    expect(service.output()).not.toContain(secret);
  });

  test('publishes trust when it changes, and keeps what it had when the change is broken', async () => {
    isUpstreamOn = true;
    const trust = path.join(work, 'watched');
    await cp(FIXTURE_TRUST, trust, { recursive: true });
    const service = await start('--data', path.join(work, 'changing'), '--trust', trust, '--store', FIXTURE_STORE);
    const revision = async (): Promise<string> => {
      const { profiles } = (await (await fetch(`${service.url}/v1/trust`)).json()) as {
        profiles: { revision: string }[];
      };
      return profiles[0]?.revision ?? '';
    };
    const first = await revision();
    await appendFile(path.join(trust, 'ocp/release-verification.yaml'), '# a comment changes the bytes\n');
    await until(async () => (await revision()) !== first);
    const second = await revision();
    await writeFile(path.join(trust, 'ocp/broken.yaml'), 'kind: [');
    await until(async () => service.output().includes('broken.yaml'));
    expect(await revision()).toBe(second);
    expect((await verify(service.url, good[0]?.pullspec ?? '')).verdict).toMatchObject({
      outcome: 'accepted',
      trustRevision: second,
    });
    expect(await stop(service, 'SIGINT')).toBe(0);
  });

  test('a digest that waits for its mirror survives a restart', async () => {
    isUpstreamOn = true;
    const [{ pullspec } = { pullspec: '' }] = good;
    const first = await start(...withUpstream('restart'));
    await stop(first, 'SIGKILL');
    // As the service that was killed would have left it: queued, and taken by nobody.
    const queues = await startQueues(path.join(work, 'restart/queues'));
    const queue = createSqsQueue({ client: queues.client, queueUrl: queues.mirror.queueUrl });
    await queue.sendMessages([toMirrorBody('ocp', parseDigest(digestOf(pullspec)))]);
    await queues.close();
    const second = await start(...withUpstream('restart'));
    // Nobody asks for a verdict: what was queued before is all that can bring the signature here.
    const url = `${second.url}/signatures/${digestOf(pullspec).replace(':', '=')}/signature-1`;
    await until(async () => (await fetch(url)).status === 200);
    const published = await readFile(path.join(FIXTURE_STORE, digestOf(pullspec).replace(':', '='), 'signature-1'));
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(published);
    expect(await readdir(path.join(work, 'restart/objects'))).not.toContain('records');
    await stop(second);
  });
});

/** Real releases are not in the repository; a run that has them names their folder. */
const REAL = process.env['SIGNET_RELEASES'];

test.skipIf(REAL === undefined)(
  'real releases verify over HTTP, are mirrored, and verify without their store',
  async () => {
    const root = REAL ?? '';
    const segments = await readdir(path.join(root, 'signatures'));
    expect(segments.length).toBeGreaterThan(0);
    let isOn = true;
    const store = createServer((request, response) => {
      if (!isOn) response.destroy();
      else {
        readFile(path.join(root, 'signatures', request.url ?? '')).then(
          (bytes) => response.end(bytes),
          () => response.writeHead(404).end(),
        );
      }
    });
    store.listen(0, '127.0.0.1');
    await once(store, 'listening');
    const url = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
    const args = ['--data', path.join(work, 'real'), '--trust', path.join(root, 'trust'), '--store', url];
    const service = await start(...args, '--allow-private-stores');
    const pullspecs = segments.map(
      (segment) => `quay.io/openshift-release-dev/ocp-release@${segment.replace('=', ':')}`,
    );
    for (const pullspec of pullspecs) expect((await verify(service.url, pullspec)).verdict.outcome).toBe('accepted');
    const signature = (segment: string) => fetch(`${service.url}/signatures/${segment}/signature-1`);
    for (const segment of segments) await until(async () => (await signature(segment)).status === 200);
    isOn = false;
    for (const pullspec of pullspecs) {
      expect((await verify(service.url, pullspec)).verdict).toMatchObject({ outcome: 'accepted', profile: 'ocp' });
    }
    for (const segment of segments) {
      const published = await readFile(path.join(root, 'signatures', segment, 'signature-1'));
      expect(Buffer.from(await (await signature(segment)).arrayBuffer())).toEqual(published);
    }
    expect(await stop(service)).toBe(0);
    store.close();
    store.closeAllConnections();
  },
);

describe('starting', () => {
  test('without trust there is a demo to try, the same after a restart', async () => {
    const data = path.join(work, 'demo');
    const first = await start('--data', data);
    const pullspec = /registry\.example\.com\/demo\/release@sha256:[0-9a-f]{64}/.exec(first.output())?.[0] ?? '';
    expect((await verify(first.url, pullspec)).verdict.outcome).toBe('accepted');
    await stop(first);
    const second = await start('--data', data);
    expect((await verify(second.url, pullspec)).verdict.outcome).toBe('accepted');
    await stop(second);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['an unknown option', ['--prot', '1'], /Unknown option '--prot'/],
    ['a port that is none', ['--port', 'http'], /--port takes a number/],
    ['a trust directory that is not there', ['--trust', '/no/such/trust'], /\/no\/such\/trust/],
  ])('%s is exit 2', async (_, args, message) => {
    const child = spawn(process.execPath, [path.join(ROOT, 'local/main.ts'), '--data', path.join(work, 'x'), ...args]);
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += String(text)));
    await once(child, 'exit');
    expect(child.exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });
});

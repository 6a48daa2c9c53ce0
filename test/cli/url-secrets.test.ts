import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hideUrlSecrets } from '../../lib/platform/http/http-url.ts';
import { FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { runSignet } from '../support/run-signet.ts';

const TRUST = ['--trust', FIXTURE_TRUST];
const PULLSPEC = fixtureReleases[0]?.pullspec ?? '';
const DIGEST = PULLSPEC.slice(PULLSPEC.indexOf('@') + 1);

describe('a place that is a URL is shown without what may be secret', () => {
  const server = createServer((_, response) => {
    response.writeHead(404).end();
  });
  let origin = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
  });

  test.each<[name: string, toArgs: (url: string) => readonly string[], status: number]>([
    [
      'cluster sync',
      (url) => ['cluster', 'sync', ...TRUST, '--from', url, '--digest', DIGEST, '--allow-private-stores'],
      3,
    ],
    ['render configmaps', (url) => ['render', 'configmaps', ...TRUST, '--from', url], 2],
    ['mirror list', (url) => ['mirror', 'list', ...TRUST, '--to', url], 2],
    ['mirror sync', (url) => ['mirror', 'sync', ...TRUST, '--to', url, '--digest', DIGEST], 2],
    ['mirror sigstore', (url) => ['mirror', 'sigstore', ...TRUST, '--from', url, '--to', url, '--digest', DIGEST], 2],
    ['bundle create', (url) => ['bundle', 'create', '/nowhere/x', ...TRUST, '--from', url], 2],
    ['bundle import', (url) => ['bundle', 'import', url, ...TRUST, '--to', '/nowhere/x'], 2],
    ['bundle inspect', (url) => ['bundle', 'inspect', url, ...TRUST], 2],
    ['record verify', (url) => ['record', 'verify', url, ...TRUST], 2],
    ['a list of pullspecs', (url) => ['verify', '-f', url, ...TRUST], 2],
    ['a pullspec', (url) => ['check', url, ...TRUST], 2],
    ['trust', (url) => ['verify', PULLSPEC, '--trust', url], 2],
    ['trust publish', (url) => ['trust', 'publish', ...TRUST, '--to', url], 2],
    ['catalog check', (url) => ['catalog', 'check', url, ...TRUST], 2],
    ['explain', (url) => ['explain', url], 2],
    ['a graph', (url) => ['mirror', 'sync', ...TRUST, '--to', '/nowhere/x', '--graph', url], 3],
  ])('%s', async (_, toArgs, status) => {
    for (const format of [[], ['-o', 'json']]) {
      const args = [...toArgs(`${origin}/a?token=S3CRET#S3CRET`), ...format];
      const run = await runSignet(args);
      expect([args, run.stdout + run.stderr]).toEqual([args, expect.not.stringContaining('S3CRET')]);
      expect(run.stderr).not.toBe('');
      expect([args, run.status]).toEqual([args, status]);
    }
  });

  test('a store of a cluster that holds a password is noted without it', async () => {
    const { checkStores } = await import('../../lib/cluster/fleet/check-stores.ts');
    const url = 'https://user:S3CRET@s.example/x?sig=S3CRET';
    const said = JSON.stringify(
      checkStores(
        [
          { url, ca: undefined },
          { url, ca: undefined },
        ],
        undefined,
      ),
    );
    expect(said).toContain('https://s.example/x?…');
    expect(said).toContain('is listed twice');
    expect(said).not.toContain('S3CRET');
  });
});

describe('a message', () => {
  test.each<[name: string, message: string, shown: string]>([
    ['a query', 'cannot read http://a/b?token=x: ENOENT', 'cannot read http://a/b?…: ENOENT'],
    ['a query in quotes', `open 'http:/a/b?token=x'`, `open 'http:/a/b?…'`],
    ['a fragment', 'https://a/b#x.', 'https://a/b#….'],
    ['a user', 'see https://u:p@a.example/b', 'see https://…@a.example/b'],
    ['a password with @', 'https://u:p@ss@a.example', 'https://…@a.example'],
    ['two', 'ftp://u@a and s3://b?x', 'ftp://…@a and s3://b?…'],
    ['none', 'quay.io/a@sha256:00 is not it: why?', 'quay.io/a@sha256:00 is not it: why?'],
    [
      'a URL that holds none',
      'docker://quay.io/a@sha256:00, https://a/b: x',
      'docker://quay.io/a@sha256:00, https://a/b: x',
    ],
  ])('%s', (_, message, shown) => {
    expect(hideUrlSecrets(message)).toBe(shown);
  });

  test('long ones take no longer for what they repeat', () => {
    const text = `${'a'.repeat(200_000)} ${'a://'.repeat(50_000)} a:/${'.'.repeat(200_000)}x`;
    expect(hideUrlSecrets(text)).toBe(text);
  });
});

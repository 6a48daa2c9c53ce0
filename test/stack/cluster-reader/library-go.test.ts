import { execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { issueCertificate, makeAuthority } from '../../apiserver/make-certificates.ts';
import { type MirroredSamples, mirrorSamples } from '../../cluster-reader/mirror-samples.ts';
import { serveDirectory } from '../../cluster-reader/serve-directory.ts';
import { startService } from '../../cluster-reader/start-service.ts';
import { startProxy } from '../../support/servers/start-proxy.ts';
import { findTool } from '../../support/tools.ts';

/** As the release-verification ConfigMap of every release names them. */
const DEFAULT_STORES = [
  'https://storage.googleapis.com/openshift-release/official/signatures/openshift/release',
  'https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release',
];

const MAIN = path.join(import.meta.dirname, '../../../cli/shell/main.ts');
const reader = findTool('cluster-reader');

let samples: MirroredSamples;
const running: (() => Promise<void>)[] = [];

beforeAll(async () => {
  samples = await mirrorSamples();
});
afterAll(async () => {
  for (const close of running) await close();
  await samples.close();
});

/** What library-go says to every release. */
async function ask(
  skip: TestContext['skip'],
  stores: string | readonly string[],
  configMaps: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<readonly Row[]> {
  if (reader === undefined) return skip('the cluster reader is not installed');
  const file = path.join(samples.scratch, 'release-verification.json');
  await writeFile(file, samples.profile.toConfigMap(...[stores].flat()));
  const child = spawn(reader, [file, ...configMaps], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  child.stdin.end(samples.releases.map(({ digest }) => `${digest}\n`).join(''));
  const lines = (await text(child.stdout)).trim().split('\n');
  const answers = lines.map((line) => JSON.parse(line) as { digest: string; error: string });
  return samples.releases.map(({ name, digest }) => {
    return { name, error: answers.find((answer) => answer.digest === digest)?.error };
  });
}

interface Row {
  readonly name: string;
  /** What library-go says against it; empty when it verifies. */
  readonly error: unknown;
}

function toExpected(): readonly Row[] {
  const refusal: unknown = expect.stringContaining('unable to verify');
  return samples.releases.map(({ name, isAccepted }) => ({ name, error: isAccepted ? '' : refusal }));
}

describe('library-go accepts what Signet mirrors and completes, and nothing else', () => {
  test('in the service', async ({ skip }) => {
    const { url, stop } = await startService(samples.data, samples.trust);
    running.push(stop);
    expect(await ask(skip, `${url}/signatures`)).toEqual(toExpected());
    expect(await ask(skip, `${url}/api/upgrades_info/signatures`)).toEqual(toExpected());
  });

  test.for([
    { name: 'both', names: ['mirror.openshift.com', 'storage.googleapis.com'] },
    { name: 'one', names: ['mirror.openshift.com'] },
  ])(
    'by the stores that every cluster asks by default, of which the site redirects $name',
    async ({ names }, context) => {
      if (findTool('openssl') === undefined) context.skip('openssl is not installed');
      const folder = await mkdtemp(path.join(samples.scratch, 'site-'));
      // An authority that clusters may trust for these names and for no other.
      const permitted = names.map((name) => `permitted;DNS:${name}`).join(',');
      const authority = await makeAuthority(folder, 'site', [`nameConstraints=critical,${permitted}`]);
      const server = await issueCertificate(folder, authority, { file: 'server', commonName: 'stores', names });
      await cp(samples.mirror, path.join(folder, 'data/objects'), { recursive: true });
      const { url, stop } = await startService(path.join(folder, 'data'), samples.trust, [
        '--tls-cert',
        server.cert,
        '--tls-key',
        server.key,
        ...names.flatMap((name) => ['--public-name', name]),
      ]);
      running.push(stop);
      // In the place of the site's DNS: whatever name is asked for, it leads to the service.
      const proxy = await startProxy(Number(new URL(url).port));
      running.push(() => proxy.close());
      const site = { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: authority.cert };
      expect(await ask(context.skip, DEFAULT_STORES, [], site)).toEqual(toExpected());
      expect(proxy.seen).toContain('CONNECT mirror.openshift.com:443');
    },
  );

  test('in the directory, served by a plain web server', async ({ skip }) => {
    const server = await serveDirectory(samples.mirror);
    running.push(() => server.close());
    expect(await ask(skip, `${server.origin}/signatures`)).toEqual(toExpected());
  });

  test('in the store that was mirrored, with all that is wrong in it', async ({ skip }) => {
    expect(await ask(skip, samples.upstream)).toEqual(toExpected());
  });

  test.for(['yaml', 'json'])('in signature ConfigMaps, as %s', async (format, { skip }) => {
    const to = path.join(samples.scratch, format);
    const from = ['--from', samples.mirror, '--trust', samples.trust];
    await promisify(execFile)(process.execPath, [MAIN, 'render', 'configmaps', ...from, '--to', to, '-o', format]);
    // Its stores are nowhere: the ConfigMaps alone are read.
    expect(await ask(skip, 'http://127.0.0.1:9', [to])).toEqual(toExpected());
  });
});

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, existsSync } from 'node:fs';
import {
  access,
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_KEY_FILE_BYTES } from '../../cli/shell/read-input.ts';
import { MAX_MESSAGE_BYTES } from '../../lib/crypto/openpgp/messages/signed-message.ts';
import { MAX_RECORD_BYTES } from '../../lib/verdict/records/verdict-record.ts';
import { FIXTURE_RELEASES, FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { type Run, runSignet } from '../support/run-signet.ts';
import { startServer } from '../support/servers/start-server.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const KEYS = path.join(ROOT, 'test/fixtures/openpgp/keys');
const run = promisify(execFile);

function signet(...args: readonly string[]): Promise<Run> {
  return runSignet(args);
}

const KEYRING = ['--keyring', path.join(KEYS, 'rsa4096.asc')];
const [first] = fixtureReleases;
const GOOD = first?.pullspec ?? '';
const DIGEST = GOOD.slice(GOOD.indexOf('@') + 1);
const SIGNATURE = path.join(FIXTURE_STORE, `sha256=${DIGEST.slice(7)}`, 'signature-1');
const WITH_TRUST = ['--trust', FIXTURE_TRUST];
const FROM_DIRECTORY = [...WITH_TRUST, '--store', FIXTURE_STORE];

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-cli-'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

describe('signet verify', () => {
  test.each(fixtureReleases)('$why: $expected', async ({ pullspec, expected }) => {
    const { status, stdout } = await signet('verify', pullspec, ...FROM_DIRECTORY, '-o', 'json');
    const verdict = JSON.parse(stdout) as { outcome: string; reasons: { code: string }[] };
    expect(status).toBe(expected === 'accept' ? 0 : 1);
    expect(verdict.outcome).toBe(expected === 'accept' ? 'accepted' : 'rejected');
    if (expected !== 'accept') expect(verdict.reasons.map(({ code }) => code)).toContain(expected);
  });

  test('reads the same store over HTTP, once private addresses are allowed', async () => {
    const server = createServer((request, response) => {
      readFile(path.join(FIXTURE_STORE, decodeURIComponent(request.url ?? ''))).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const allowed = await signet('verify', GOOD, ...WITH_TRUST, '--store', url, '--allow-private-stores');
    const refused = await signet('verify', GOOD, ...WITH_TRUST, '--store', url);
    server.close();
    expect([allowed.status, allowed.stdout.split(' ')[0]]).toEqual([0, 'accepted']);
    expect([refused.status, refused.stdout.split(' ')[0]]).toEqual([3, 'indeterminate']);
    expect(refused.stdout).toContain('StoreUnavailable');
  });

  test('force accepts with every reason, and --fail-on-forced tells', async () => {
    const unsigned = `quay.io/openshift-release-dev/ocp-release@sha256:${'0'.repeat(64)}`;
    const forced = await signet('verify', unsigned, ...FROM_DIRECTORY, '--force');
    expect(forced.status).toBe(0);
    expect(forced.stdout).toMatch(/^accepted \(forced\)/);
    expect(forced.stdout).toContain('SignatureNotFound');
    expect((await signet('verify', unsigned, ...FROM_DIRECTORY, '--force', '--fail-on-forced')).status).toBe(1);
    expect((await signet('verify', GOOD, ...FROM_DIRECTORY, '--force', '--fail-on-forced')).status).toBe(0);
  });
});

test('signet check contacts nothing: its stores resolve nowhere, and it answers', async () => {
  const allowed = await signet('check', GOOD, ...WITH_TRUST);
  expect([allowed.status, allowed.stdout.split('\n')]).toEqual([
    0,
    [
      'allowed: the pullspec is canonical; signatures were not checked',
      `  pullspec  ${GOOD}`,
      expect.stringMatching(/^ {2}profile {3}ocp \(enforce\), trust revision [0-9a-f]{12}$/),
      '',
    ],
  ]);
  const wrong = await signet('check', `quay.io/x/y@${DIGEST}`, ...WITH_TRUST);
  expect(wrong.status).toBe(1);
  expect(wrong.stdout).toContain('use the profile of its publisher');
  expect(wrong.stdout).not.toContain(`use ${GOOD}`);
  const warned = await signet('check', `quay.io/x/y@${DIGEST}`, ...WITH_TRUST, '--mode', 'warn');
  expect([warned.status, warned.stdout]).toEqual([
    0,
    expect.stringMatching(
      /^allowed: the policy only warns of the pullspec; signatures were not checked\n.*RepositoryNotC/s,
    ),
  ]);
});

test.each<[name: string, pullspec: string, more: readonly string[], status: number, outcome: string]>([
  ['a canonical pullspec', GOOD, [], 0, 'allowed'],
  ['another repository', `quay.io/x/y@${DIGEST}`, [], 1, 'rejected'],
  ['another repository, warned of', `quay.io/x/y@${DIGEST}`, ['--mode', 'warn'], 0, 'allowed'],
  ['no digest', 'quay.io/openshift-release-dev/ocp-release:4.16.0', ['--mode', 'warn'], 1, 'rejected'],
])('signet check says of %s what no verdict says', async (_, pullspec, more, status, outcome) => {
  const checked = await signet('check', pullspec, ...WITH_TRUST, ...more, '-o', 'json');
  expect(checked.status).toBe(status);
  const answer = JSON.parse(checked.stdout) as Readonly<Record<string, unknown>>;
  expect(answer).toMatchObject({ kind: 'PullspecCheck', schema: 1, outcome, signaturesChecked: false, pullspec });
  expect(Object.keys(answer)).not.toContain('attempts');
  expect(checked.stdout).not.toMatch(/accepted/);
  const text = await signet('check', pullspec, ...WITH_TRUST, ...more);
  expect(text.stdout).not.toMatch(/accepted/);
});

describe('with several profiles', () => {
  const OKD = `quay.io/okd/scos-release@${DIGEST}`;
  let trust = '';
  beforeAll(async () => {
    trust = path.join(work, 'profiles');
    for (const profile of ['ocp', 'okd']) {
      await mkdir(path.join(trust, profile), { recursive: true });
      const map = 'ocp/release-verification.yaml';
      await copyFile(path.join(FIXTURE_TRUST, map), path.join(trust, profile, 'release-verification.yaml'));
    }
  });

  test.each(['check', 'verify'])('%s says which one a pullspec is of, and rejects nothing by another', async (verb) => {
    const stores = verb === 'verify' ? ['--store', FIXTURE_STORE] : [];
    const { status, stdout, stderr } = await signet(verb, OKD, '--trust', trust, ...stores);
    const said = 'signet: quay.io/okd/scos-release is of profile okd, and ocp would be used: add --profile okd\n';
    expect([status, stdout, stderr]).toEqual([2, '', said]);
    const named = await signet(verb, OKD, '--trust', trust, ...stores, '--profile', 'ocp');
    expect([named.status, named.stdout]).toEqual([1, expect.stringContaining('RepositoryNotCanonical')]);
    const nobody = await signet(verb, `quay.io/x/y@${DIGEST}`, '--trust', trust, ...stores);
    expect([nobody.status, nobody.stdout]).toEqual([1, expect.stringContaining('RepositoryNotCanonical')]);
  });
});

describe('signet signature verify', () => {
  test.each<[string, readonly string[], number, string]>([
    ['a good one', [SIGNATURE, ...KEYRING], 0, 'valid'],
    [
      'for its digest and repository',
      [SIGNATURE, ...KEYRING, '--digest', DIGEST, '--reference', 'quay.io/openshift-release-dev/ocp-release'],
      0,
      'valid',
    ],
    ['for another digest', [SIGNATURE, ...KEYRING, '--digest', `sha256:${'0'.repeat(64)}`], 1, 'DigestMismatch'],
    ['for another repository', [SIGNATURE, ...KEYRING, '--reference', 'quay.io/a/b'], 1, 'RepositoryMismatch'],
    ['by another key', [SIGNATURE, '--keyring', path.join(KEYS, 'p256.asc')], 1, 'KeyUnknown'],
    ['with two key files', [SIGNATURE, '--keyring', path.join(KEYS, 'p256.asc'), ...KEYRING], 0, 'valid'],
  ])('%s', async (_, args, status, word) => {
    const result = await signet('signature', 'verify', ...args);
    expect(result.status).toBe(status);
    expect(result.stdout).toContain(word);
  });
});

describe('signet trust', () => {
  const KEY_FILE = path.join(KEYS, 'two-keys-one-block.asc');
  async function fingerprintsOf(file: string): Promise<readonly string[]> {
    const shown = await signet(
      'trust',
      'add',
      'probe',
      '--trust',
      work,
      '--profile',
      'p',
      '--store',
      'https://s.example',
      '--from',
      file,
      '--fingerprint',
      '0'.repeat(40),
    );
    return shown.stderr.match(/[0-9A-F]{40}/g)?.slice(1) ?? [];
  }

  test('add writes the repositories of a profile of one’s own, and loads', async () => {
    const [kept = ''] = await fingerprintsOf(KEY_FILE);
    const to = path.join(work, 'own');
    const args = [
      'trust',
      'add',
      'acme',
      '--trust',
      to,
      '--profile',
      'acme',
      '--from',
      KEY_FILE,
      '--store',
      'https://s.example/x',
      '--fingerprint',
      kept,
    ];
    const without = await signet(...args);
    expect([without.status, without.stderr]).toEqual([2, expect.stringContaining('--repository')]);
    expect((await signet(...args, '--repository', 'reg.example/acme/release')).status).toBe(0);
    const shown = await signet('trust', 'show', '--trust', to);
    expect(shown.stdout).toContain('canonical     reg.example/acme/release');
  });

  test('add keeps the pinned certificate, names the one it left out, and writes what loads', async () => {
    const [kept = '', other = ''] = await fingerprintsOf(KEY_FILE);
    const to = path.join(work, 'added');
    const args = [
      'trust',
      'add',
      'acme',
      '--trust',
      to,
      '--profile',
      'ocp',
      '--from',
      KEY_FILE,
      '--store',
      'https://s.example/x',
    ];
    const added = await signet(...args, '--fingerprint', kept, '-o', 'json');
    expect(added.status).toBe(0);
    expect(JSON.parse(added.stdout)).toMatchObject({ profile: 'ocp', kept: [kept], leftOut: [other] });
    const shown = await signet('trust', 'show', '--trust', to, '-o', 'json');
    const trust = JSON.parse(shown.stdout) as { keyrings: { certificates: { fingerprint: string }[] }[] };
    expect(trust.keyrings[0]?.certificates.map(({ fingerprint }) => fingerprint)).toEqual([kept]);
    const again = await signet(...args, '--fingerprint', kept);
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('exists')]);
  });

  test.each<[string, readonly string[], string]>([
    [
      'redhat from a file without its key',
      ['redhat', '--from', path.join(KEYS, 'rsa4096.asc')],
      '567E347AD0044ADE55BA8A5F199E2F91FD431D51',
    ],
    ['redhat with a fingerprint of one’s own', ['redhat', '--fingerprint', '0'.repeat(40)], 'built in'],
    ['another without fingerprint', ['acme', '--profile', 'p', '--store', 'https://s'], '--fingerprint'],
    ['a short key ID', ['acme', '--fingerprint', 'FD431D51'], '40 hex digits'],
    ['a file that is no key', ['redhat', '--from', path.join(FIXTURE_RELEASES, 'README.md')], 'no OpenPGP public key'],
    ['a key file that is a device', ['redhat', '--from', '/dev/zero'], 'not a regular file'],
    ['what is not a URL', ['redhat', '--from', 'HTTPS://user:secret@exa mple/keys'], 'https://… is not a URL'],
    ['a user', ['redhat', '--from', 'https://user:secret@s.example/keys'], 'user or password'],
    ['a URL of another scheme', ['redhat', '--from', 'ftp://user:secret@s.example/keys'], 'ftp:// is not contacted'],
  ])('add refuses %s', async (_, args, message) => {
    const to = path.join(work, 'refused');
    const result = await signet('trust', 'add', ...args, '--trust', to);
    expect(result.status).toBe(2);
    expect(result.stderr).toContain(message);
    expect(result.stderr).not.toContain('secret');
    await expect(readdir(to)).rejects.toThrow();
  });

  test('add shows no query of the URL that it fetches', async () => {
    const server = await startServer((_request, response) => response.writeHead(403).end());
    const from = `${server.origin}/keys?token=secret`;
    const args = ['redhat', '--from', from, '--trust', path.join(work, 'refused'), '--allow-private-stores'];
    const { status, stderr } = await signet('trust', 'add', ...args);
    await server.close();
    expect(server.requests[0]?.path).toBe('/keys?token=secret');
    expect([status, stderr]).toEqual([3, `signet: ${server.origin}/keys answered 403\n`]);
  });

  test('add refuses a directory that is itself a profile, and leaves it as it was', async () => {
    const own = path.join(work, 'itself/ocp');
    await mkdir(own, { recursive: true });
    await writeFile(path.join(own, 'x.yaml'), '');
    const added = await signet('trust', 'add', 'redhat', '--from', KEY_FILE, '--trust', own);
    expect([added.status, added.stderr]).toEqual([
      2,
      expect.stringContaining(`the directory above, ${path.dirname(own)}`),
    ]);
    expect(await readdir(own)).toEqual(['x.yaml']);
  });

  test.skipIf(!existsSync('/proc/self'))('publish ends where the system makes no directory', async () => {
    const published = await signet('trust', 'publish', ...WITH_TRUST, '--to', '/proc/x');
    expect([published.status, published.stderr]).toEqual([
      3,
      expect.stringMatching(/^signet: --to \/proc\/x: .* failed: no such file or directory\n$/),
    ]);
  });

  test.skipIf(process.getuid?.() !== 0)('a profile that may not be read is named', async () => {
    const trust = path.join(work, 'closed');
    await mkdir(path.join(trust, 'ocp'), { recursive: true });
    await chmod(path.join(trust, 'ocp'), 0);
    await chmod(work, 0o755);
    const script = `import { readTrustDirectory } from ${JSON.stringify(path.join(ROOT, 'lib/trust/prepare/read-trust-directory.ts'))};
      process.setuid(65534);
      await readTrustDirectory(${JSON.stringify(trust)}).catch(({ code, message }) => console.log(code, message));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
    expect(stdout).toBe(`TrustMissing ${path.join(trust, 'ocp')}: the directory cannot be read: permission denied\n`);
  });

  test('publish writes an immutable revision, and again changes nothing', async () => {
    const to = path.join(work, 'objects');
    const published = await signet('trust', 'publish', ...WITH_TRUST, '--to', to);
    expect(published.stdout).toMatch(/^ocp: published revision [0-9a-f]{64}$/m);
    expect((await signet('trust', 'publish', ...WITH_TRUST, '--to', to)).stdout).toMatch(/^ocp: unchanged/m);
  });

  test.each<[string, string, string]>([
    ['a duplicate key of another value', 'apiVersion: v1\nkind: ConfigMap\nkind: Secret\n', 'bad.yaml:3'],
    [
      'an unknown field of a Profile',
      'apiVersion: signet/v1\nkind: Profile\nmetadata: {name: ocp}\nspec: {modus: warn}\n',
      'modus',
    ],
    ['an unknown kind', 'apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n', 'Secret'],
    ['a document that does not parse', 'a: [\n', 'bad.yaml:'],
  ])('%s: the load fails with file and reason, and nothing is published', async (name, text, message) => {
    const trust = path.join(work, name.replaceAll(' ', '-'), 'ocp');
    await mkdir(trust, { recursive: true });
    await writeFile(
      path.join(trust, 'release-verification.yaml'),
      await readFile(path.join(FIXTURE_TRUST, 'ocp/release-verification.yaml')),
    );
    await writeFile(path.join(trust, 'bad.yaml'), text);
    const to = path.join(work, 'unpublished');
    for (const args of [
      ['trust', 'publish', '--to', to],
      ['trust', 'show'],
      ['verify', GOOD, '--store', FIXTURE_STORE],
      ['check', GOOD],
    ]) {
      const result = await signet(...args, '--trust', path.dirname(trust));
      expect(result.status).toBe(2);
      expect(result.stderr).toContain('bad.yaml');
      expect(result.stderr).toContain(message);
    }
    const checked = await signet('trust', 'check', '--trust', path.dirname(trust));
    expect([checked.status, checked.stdout]).toEqual([2, expect.stringContaining(message)]);
    await expect(readdir(to)).rejects.toThrow();
  });
});

describe('bad input is exit 2 and says what was expected', () => {
  test.each<[string, readonly string[], RegExp]>([
    [
      'a pullspec that cannot be parsed',
      ['verify', 'Quay.io/UPPER@x', ...FROM_DIRECTORY],
      /expected registry\/repository|not a pullspec/,
    ],
    [
      'a digest of the wrong length',
      ['verify', 'quay.io/a/b@sha256:abc', ...FROM_DIRECTORY],
      /64 lower-case hex digits, found 3/,
    ],
    ['an unknown profile', ['verify', GOOD, ...FROM_DIRECTORY, '--profile', 'nope'], /known: ocp/],
    [
      'a store directory that is not there',
      ['verify', GOOD, ...WITH_TRUST, '--store', '/no/such/store'],
      /--store \/no\/such\/store/,
    ],
    ['a missing trust directory', ['verify', GOOD, '--trust', '/no/such/directory'], /\/no\/such\/directory/],
    [
      'a missing signature file',
      ['signature', 'verify', '/no/such/file', '--keyring', path.join(KEYS, 'p256.asc')],
      /cannot read \/no\/such\/file/,
    ],
    [
      'a missing key file',
      ['signature', 'verify', SIGNATURE, '--keyring', '/no/such/key'],
      /cannot read \/no\/such\/key/,
    ],
    ['a signature file that is a device', ['signature', 'verify', '/dev/zero', ...KEYRING], /not a regular file/],
    ['a key file that is a device', ['signature', 'verify', SIGNATURE, '--keyring', '/dev/zero'], /not a regular file/],
    ['a key file that is a directory', ['signature', 'verify', SIGNATURE, '--keyring', KEYS], /it is a directory/],
    ['a CA file that is a device', ['verify', GOOD, ...FROM_DIRECTORY, '--tls-ca', '/dev/zero'], /not a regular file/],
    ['a record that is a device', ['record', 'verify', '/dev/zero'], /not a regular file/],
    [
      'a key file with a wrong checksum',
      ['signature', 'verify', SIGNATURE, '--keyring', path.join(KEYS, 'bad-crc.asc')],
      /checksum/,
    ],
    ['no trust directory', ['verify', GOOD], /--trust/],
    ['an unknown command', ['verfy'], /unknown command/],
    ['an unknown option', ['check', GOOD, ...WITH_TRUST, '--froce'], /unknown option/],
    ['an unknown output format', ['check', GOOD, ...WITH_TRUST, '-o', 'xml'], /Allowed choices are text, json/],
    ['a digest alone', ['verify', DIGEST, ...FROM_DIRECTORY], /a digest alone names no repository/],
    ['an empty trust directory', ['check', GOOD, '--trust', ''], /must not be empty/],
    ['an empty trust directory for a record', ['record', 'verify', SIGNATURE, '--trust', ''], /must not be empty/],
    [
      'a store of another scheme',
      ['verify', GOOD, ...WITH_TRUST, '--store', 'ftp://x/y'],
      /--store ftp:\/\/…: .*http:\/\/ or https:\/\//,
    ],
    ['a store that is a bucket', ['verify', GOOD, ...WITH_TRUST, '--store', 's3://b'], /--store s3:\/\/…: .*http:\/\//],
    ['a store without host', ['verify', GOOD, ...WITH_TRUST, '--store', 'http://'], /must have a host/],
    [
      'a store with a password',
      ['verify', GOOD, ...WITH_TRUST, '--store', 'https://user:secret@s.example'],
      /user or password/,
    ],
    [
      'a password without scheme',
      ['verify', GOOD, ...WITH_TRUST, '--store', 'user:secret@s.example'],
      /--store … is not/,
    ],
    [
      'a store’s file:// URL that leads nowhere',
      ['verify', GOOD, ...WITH_TRUST, '--store', 'file:///no/such'],
      /--store file:\/\/\/no\/such is not a directory/,
    ],
    [
      'a key file without keys',
      ['signature', 'verify', SIGNATURE, '--keyring', path.join(FIXTURE_RELEASES, 'README.md')],
      /--keyring .*README\.md: /,
    ],
    [
      'a CA file without certificates',
      ['verify', GOOD, ...FROM_DIRECTORY, '--tls-ca', path.join(KEYS, 'rsa4096.asc')],
      /--tls-ca .*rsa4096\.asc: /,
    ],
    ['a URL to publish to', ['trust', 'publish', ...WITH_TRUST, '--to', 'ftp://b'], /--to: .*s3:\/\/bucket/],
    ['a bucket that cannot be', ['trust', 'publish', ...WITH_TRUST, '--to', 's3://b'], /--to: "s3:\/\/b"/],
    ['no name to publish to', ['trust', 'publish', ...WITH_TRUST, '--to', ''], /must not be empty/],
    ['an unknown shell', ['completion', 'tcsh'], /bash, zsh or fish/],
  ])('%s', async (_, args, message) => {
    const { status, stdout, stderr } = await signet(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(stderr).not.toContain('secret');
  });
});

describe('files are read up to a limit', () => {
  const fifo = (): string => path.join(work, 'fifo');
  const file = (bytes: number): string => path.join(work, `${bytes} bytes`);
  beforeAll(async () => {
    await run('mkfifo', [fifo()]);
    for (const size of [MAX_MESSAGE_BYTES, MAX_KEY_FILE_BYTES, MAX_RECORD_BYTES]) {
      for (const bytes of [size, size + 1, size * 2]) await writeFile(file(bytes), Buffer.alloc(bytes, 0xff));
    }
  });

  test.each<[string, () => readonly string[], number, string]>([
    ['a signature at the limit', () => [file(MAX_MESSAGE_BYTES), ...KEYRING], 1, 'SignatureMalformed'],
    ['a signature over the limit', () => [file(MAX_MESSAGE_BYTES + 1), ...KEYRING], 1, 'LimitExceeded'],
    ['a signature far over the limit', () => [file(MAX_MESSAGE_BYTES * 2), ...KEYRING], 1, 'LimitExceeded'],
    ['a signature that is a FIFO', () => [fifo(), ...KEYRING], 2, 'not a regular file'],
    ['keys at the limit', () => [SIGNATURE, '--keyring', file(MAX_KEY_FILE_BYTES)], 2, 'OpenPGP'],
    ['keys over the limit', () => [SIGNATURE, '--keyring', file(MAX_KEY_FILE_BYTES + 1)], 2, '1048576 bytes'],
    ['keys in a FIFO', () => [SIGNATURE, '--keyring', fifo()], 2, 'not a regular file'],
  ])('%s', async (_, args, status, message) => {
    const result = await signet('signature', 'verify', ...args());
    expect(result.status).toBe(status);
    expect(result.stdout + result.stderr).toContain(message);
  });

  test('certificates and records', async () => {
    const ca = await signet('verify', GOOD, ...FROM_DIRECTORY, '--tls-ca', file(MAX_KEY_FILE_BYTES + 1));
    expect([ca.status, ca.stderr]).toEqual([2, expect.stringContaining('longer than 1048576 bytes')]);
    const record = await signet('record', 'verify', file(MAX_RECORD_BYTES + 1));
    expect([record.status, record.stderr]).toEqual([
      2,
      expect.stringContaining(`longer than ${MAX_RECORD_BYTES} bytes`),
    ]);
  });
});

describe('what is not the verdict’s doing is no verdict', () => {
  test.skipIf(!existsSync('/dev/full'))('a full disk under stdout', async () => {
    const full = await open('/dev/full', 'w');
    const child = spawn(process.execPath, [path.join(ROOT, 'cli/shell/main.ts'), 'check', GOOD, ...WITH_TRUST], {
      stdio: ['ignore', full.fd, 'pipe'],
    });
    let stderr = '';
    child.stderr?.on('data', (text) => (stderr += String(text)));
    await once(child, 'close');
    await full.close();
    expect([child.exitCode, stderr]).toEqual([70, expect.stringMatching(/^signet: .*cannot be written: ENOSPC.*\n$/)]);
  });

  test.each(['cli/shell/main.ts', 'cli/signet.js'])('Ctrl-C of %s while a store hangs', async (program) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const args = ['verify', GOOD, ...WITH_TRUST, '--store', url, '--allow-private-stores'];
    const asked = once(server, 'request');
    const child = spawn(process.execPath, [path.join(ROOT, program), ...args]);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
    const closed = once(child, 'close');
    await asked;
    child.kill('SIGINT');
    await closed;
    server.close();
    server.closeAllConnections();
    expect([child.exitCode, output]).toEqual([130, 'signet: interrupted\n']);
  });
});

describe('the launcher', () => {
  const LAUNCHER = path.join(ROOT, 'cli/signet.js');
  /** Makes a Node of now pass for one of before. */
  const OLD =
    "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})";
  const ownNode = path.join(ROOT, 'node_modules/.bin/node');

  async function launch(launcher: string, ...args: readonly string[]): Promise<Run> {
    try {
      return { status: 0, ...(await run(process.execPath, [...args.slice(0, 2), launcher, ...args.slice(2)])) };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status: code, stdout, stderr };
    }
  }

  test('is what npx runs', async () => {
    const { bin } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { bin: { signet: string } };
    expect(path.join(ROOT, bin.signet)).toBe(LAUNCHER);
    await access(LAUNCHER, constants.X_OK);
  });

  test.skipIf(!existsSync(ownNode))(
    'runs on the Node of the clone when its own is too old, through a link',
    async () => {
      const link = path.join(work, 'signet');
      await symlink(LAUNCHER, link);
      const wrong = await launch(link, '--import', OLD, 'check', `quay.io/x/y@${DIGEST}`, ...WITH_TRUST);
      expect([wrong.status, wrong.stdout]).toEqual([1, expect.stringContaining('RepositoryNotCanonical')]);
      expect((await launch(link, '--import', OLD, 'verfy')).status).toBe(2);
    },
  );

  test('runs as it is on a Node that is new enough', async () => {
    expect((await launch(LAUNCHER, '--trace-uncaught', '--no-warnings', '--version')).status).toBe(0);
  });

  test('says what is missing', async () => {
    const clone = path.join(work, 'clone');
    await mkdir(path.join(clone, 'cli'), { recursive: true });
    await writeFile(path.join(clone, 'package.json'), '{"type":"module"}');
    await copyFile(LAUNCHER, path.join(clone, 'cli/signet.js'));
    const { status, stderr } = await launch(path.join(clone, 'cli/signet.js'), '--import', OLD, '--version');
    expect([status, stderr]).toEqual([70, `Signet needs Node 24: run npm ci in ${clone}, or install Node 24\n`]);
  });
});

test('a newcomer finds the way: help, version, completion', async () => {
  const help = await signet('--help');
  expect(help.status).toBe(0);
  for (const word of ['verify', 'check', 'signature', 'trust', 'Exit status']) expect(help.stdout).toContain(word);
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect((await signet('--version')).stdout.trim()).toBe(version);
  for (const shell of ['bash', 'zsh', 'fish']) {
    expect((await signet('completion', shell)).stdout).toContain('trust');
  }
});

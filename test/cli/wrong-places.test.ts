import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { runSignet } from '../support/run-signet.ts';
import { makeKey, recordOfRelease, toStored } from '../verdict/attest/attest-setup.ts';

const GOOD = fixtureReleases[0]?.pullspec ?? '';
const FROM = ['--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE];
const MACHINECONFIG = ['render', 'machineconfig', '--policy', 'policy.json'];
const POLICY = ['render', 'policy', '--name', 'a', '--namespace', 'b', '--label', 'c=d'];
const BUNDLE = ['bundle', 'create', 'other.tar.gz', '--from', 'mirror', '--trust', FIXTURE_TRUST];
const LATER = ['--registry', 'quay.io=http://127.0.0.1:1'];

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-places-'));
  const key = makeKey();
  await writeFile(path.join(work, 'file'), 'hello');
  await writeFile(path.join(work, 'key.pem'), key.pem);
  await writeFile(path.join(work, 'key.pub'), key.publicPem);
  await mkdir(path.join(work, 'folder'));
  await writeFile(path.join(work, 'nothing'), '');
  const signed = [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/etc/key' }];
  const scopes = { docker: { 'registry.example.com': signed } };
  const policy = { default: [{ type: 'insecureAcceptAnything' }], transports: scopes };
  await writeFile(path.join(work, 'policy.json'), JSON.stringify(policy));
  await runSignet(['mirror', 'sync', ...FROM, '--to', 'mirror', '--digest', GOOD.split('@')[1] ?? ''], { cwd: work });
  const whole = ['bundle', 'create', 'whole.tar.gz', '--from', 'mirror', '--trust', FIXTURE_TRUST];
  await runSignet(whole, { cwd: work });
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

/** What a wrong call says and prints, and whether Node's own words are in it. */
async function callWrongly(args: readonly string[]) {
  const { status, stdout, stderr } = await runSignet(args, { cwd: work });
  const isPlain = !/E[A-Z]{4,}:|ENOENT|the secret file|\n {4}at /.test(stderr);
  return { status, stdout, stderr, isPlain };
}

/** Exit status 2: nothing that is worth a retry. */
function wrongCall(said: RegExp) {
  return { status: 2, stdout: '', stderr: expect.stringMatching(said) as string, isPlain: true };
}

describe('what a word names is not what belongs there: exit 2, and the reason in plain words', () => {
  test.each<[name: string, args: readonly string[], said: RegExp]>([
    ['no list', ['verify', '-f', 'nope', ...FROM], /^signet: cannot read nope: no such file or directory\n$/],
    ['below a file', ['explain', 'file/x'], /^signet: cannot read file\/x: not a directory\n$/],
    [
      'a URL for a list',
      ['verify', '-f', 'https://x/y', ...FROM],
      /y: a URL is no file: download it, and name that file\n$/,
    ],
    [
      'no trust',
      ['trust', 'show', '--trust', 'nope'],
      /^signet: nope: .* no such file or directory; signet trust add begins one\n$/,
    ],
    [
      'no pull secret',
      ['verify', GOOD, ...FROM, '--pull-secret', 'nope'],
      /cannot read nope: no such file or directory\n$/,
    ],
    [
      'a pull secret that is none',
      ['verify', GOOD, ...FROM, '--pull-secret', 'file'],
      /^signet: --pull-secret file: .*it is not JSON/,
    ],
    [
      'none for a mirror',
      ['image', 'readers', GOOD, ...LATER, '--pull-secret', 'folder'],
      /cannot read folder: it is a directory\n$/,
    ],
    [
      'no key to sign with',
      ['record', 'sign', 'folder', '--sign-key', 'nope'],
      /cannot read nope: no such file or directory\n$/,
    ],
    [
      'no store to audit',
      ['record', 'audit', '--from', 'nope', '--key', 'key.pub'],
      /^signet: nope is not a directory: nothing is there\n$/,
    ],
    [
      'a file to audit',
      ['record', 'audit', '--from', 'file', '--key', 'key.pub'],
      /^signet: file is not a directory\n$/,
    ],
    [
      'no mirror to pack',
      ['bundle', 'create', 'x.tar.gz', '--from', 'nope', '--trust', FIXTURE_TRUST],
      /^signet: nope is not a directory: nothing is there\n$/,
    ],
    [
      'half a digest',
      ['sigstore', 'verify', 'sha256:abc', '--bundle', 'file', '--key', 'key.pub'],
      /^signet: "sha256:abc" is not a digest: sha256 takes 64 lower-case hex digits, found 3\n$/,
    ],
    [
      'a tag where a repository belongs',
      ['mirror', 'check', 'registry.example.com/a:1', ...FROM, '--digest', GOOD],
      /^signet: "registry.example.com\/a:1" is not a repository: expected registry\/repository without tag or digest\n$/,
    ],
    [
      'how to read what is not read',
      ['policy', 'try', '--policy', 'policy.json', '--against', 'folder', '--registries-d', 'nope'],
      /^signet: without --verify nothing is contacted: leave what says how out\n$/,
    ],
    ['a mirror in a file', ['mirror', 'sync', ...FROM, '--to', 'file', '--digest', GOOD], /file is not a directory\n$/],
    ['trust into a file', ['trust', 'publish', '--trust', FIXTURE_TRUST, '--to', 'file'], /file is not a directory\n$/],
    ['keys below a file', [...MACHINECONFIG, '--root', 'file'], /^signet: cannot read file: it is no folder\n$/],
    [
      'two policies',
      ['image', 'verify', 'dir:folder', '--policy', 'policy.json', '--policy', 'file'],
      /^error: option '--policy <file>' argument 'file' is invalid\. it takes one value, and has "policy\.json" already\.\n/,
    ],
    [
      'two folders of trust',
      ['verify', GOOD, ...FROM, '--trust', 'folder'],
      /^error: option '--trust <dir>' argument 'folder' is invalid\. it takes one value, and has "/,
    ],
    ...[
      ['verify', GOOD, ...FROM, '--profile', 'ocp', '--profile'],
      ['signature', 'verify', 'file', '--digest', GOOD, '--digest'],
      ['signature', 'verify', 'file', '--reference', 'registry.example.com/a', '--reference'],
      ['signature', 'verify', 'file', '--prepared', 'one', '--prepared'],
      ['sigstore', 'verify', 'file', '--bundle', 'one', '--key', 'one', '--key'],
      ['sigstore', 'verify', 'file', '--bundle', 'one', '--certificate-identity', 'one', '--certificate-identity'],
      ['sigstore', 'verify', 'file', '--bundle', 'one', '--trusted-root', 'one', '--trusted-root'],
      ['checksums', 'verify', 'file', '--keyring', 'one', '--signature', 'one', '--signature'],
      ['record', 'attest', 'file', '--key', 'one', '--key'],
      ['sigstore', 'verify', 'file', '--bundle', 'one', '--bundle'],
      [
        'sigstore',
        'verify',
        'file',
        '--bundle',
        'one',
        '--certificate-oidc-issuer',
        'one',
        '--certificate-oidc-issuer',
      ],
      ['image', 'verify', 'dir:x', '--policy', 'one', '--registries-d', 'one', '--registries-d'],
      ['image', 'verify', 'dir:x', '--policy', 'one', '--root', 'one', '--root'],
      ['image', 'verify', 'dir:x', '--policy', 'one', '--pull-secret', 'one', '--pull-secret'],
      ['image', 'verify', 'dir:x', '--policy', 'one', '--target-version', '4.20', '--target-version'],
      ['image', 'verify', 'dir:x', '--policy', 'one', '--bundle-identity', 'refuse', '--bundle-identity'],
      ['image', 'verify', 'dir:x', '--policy', 'one', '--tls-ca', 'one', '--tls-ca'],
      ['verify', GOOD, ...FROM, '--mode', 'warn', '--mode'],
      ['mirror', 'audit', '--trust', 'folder', '--to', 'one', '--to'],
      ['bundle', 'create', 'file', '--trust', 'folder', '--from', 'one', '--from'],
      ['record', 'audit', '--from', 'one', '--expect-root', 'one', '--expect-root'],
      ['record', 'audit', '--from', 'one', '--since', '2026-01-01', '--since'],
    ].map((call): [string, string[], RegExp] => [
      `two of ${call.at(-1)}`,
      [...call, 'other'],
      /^error: option .* it takes one value, and has "/,
    ]),
    [
      'two of an option in two spellings',
      ['image', 'verify', 'dir:x', '--policy=one', '--policy=other'],
      /it takes one value, and has "one" already/,
    ],
    ...['dir:x', 'oci:nope', 'docker-archive:x.tar', 'docker-daemon:a:b', 'containers-storage:a', 'ostree:x'].flatMap(
      (image): [string, string[], RegExp][] => {
        const said = new RegExp(`^signet: "${image}" names an image by the transport [a-z-]+: expected `);
        const inspected = /^(?:dir|oci):/.test(image) ? /^signet: cannot read the image in / : said;
        return [
          [`${image} whose readers are asked for`, ['image', 'readers', image], said],
          [`${image} as a pullspec`, ['verify', image, ...FROM], said],
          [`${image} as a pullspec to check`, ['check', image, '--trust', FIXTURE_TRUST], said],
          [`${image} as a release`, ['release', 'inspect', image], inspected],
        ];
      },
    ),
    ['a policy of nothing', [...POLICY, 'nothing'], /^signet: nothing: there is no manifest in it\n$/],
    ['an empty program', [...BUNDLE, '--tool', 'nothing'], /^signet: --tool nothing: the file is empty\n$/],
    [
      'a bundle into a file',
      ['bundle', 'import', 'whole.tar.gz', '--trust', FIXTURE_TRUST, '--to', 'file'],
      /^signet: cannot write file: a file is in its place\n$/,
    ],
    [
      'a bundle below a file',
      ['bundle', 'import', 'whole.tar.gz', '--trust', FIXTURE_TRUST, '--to', 'file/below'],
      /^signet: cannot write file\/below: a file is in its place\n$/,
    ],
    ['pages into a file', ['man', '--to', 'file'], /^signet: cannot write file: a file is in its place\n$/],
    [
      'no token',
      ['render', 'webhooks', '--url', 'https://x', '--token-file', 'file'],
      /^signet: --token-file file: the token must have/,
    ],
    [
      'no authority',
      ['render', 'webhooks', '--service', 'a/b', '--ca', 'file'],
      /^signet: --ca file: the CA file holds no PEM/,
    ],
  ])('%s', async (_, args, said) => {
    expect(await callWrongly(args)).toEqual(wrongCall(said));
  });

  test.each<[name: string, args: readonly string[]]>([
    ['an argument', ['explain', '']],
    ['one of several', ['verify', GOOD, '', ...FROM]],
    ['an option', ['verify', GOOD, ...FROM, '--tls-ca', '']],
    ['a repeatable one', ['verify', GOOD, ...FROM, '--arch', '']],
  ])('an empty word: %s', async (_, args) => {
    expect(await callWrongly(args)).toEqual(wrongCall(/^error: .* is invalid\. it must not be empty\n/));
  });
});

test('record sign reads the file that is named, and nothing beside it', async () => {
  const folder = path.join(work, 'records');
  await mkdir(folder);
  await promisify(execFile)('mkfifo', [path.join(folder, 'a-pipe')]);
  await writeFile(path.join(folder, 'other.json'), 'no record');
  const record = await recordOfRelease();
  await writeFile(path.join(folder, 'one.json'), toStored(record).bytes);
  const args = ['record', 'sign', path.join(folder, 'one.json'), '--sign-key', 'key.pem', '--trust', FIXTURE_TRUST];
  const { status, stdout, stderr } = await runSignet(args, { cwd: work });
  expect([status, stdout, stderr]).toEqual([
    0,
    `signed  ${record.id}  one.svr.dsse.json\n1 record attested, 0 left out, 0 refused\n`,
    '',
  ]);
  const other = [...args.slice(0, 2), path.join(folder, 'other.json'), ...args.slice(3)];
  expect(await callWrongly(other)).toEqual(wrongCall(/other\.json/));
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addInstaller } from '../../cli/installer/index.ts';
import { MAX_STREAM_BYTES } from '../../lib/artifact/boot-images/parse-stream.ts';
import { type ListSigner, makeListSigner, toLine } from '../artifact/checksums/list-signer.ts';
import { makeInstaller } from '../artifact/installer/installer-writer.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { callNoun } from '../support/run-signet.ts';

const [ISO, KERNEL, DISK, ARM] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(64)) as [
  string,
  string,
  string,
  string,
];
const BUILD = 'https://rhcos.example.com/art/builds/418.94.1-0';
const file = (name: string, sha256: string): object => ({ location: `${BUILD}/x/${name}`, signature: '', sha256 });

/** As `openshift-install coreos print-stream-json` prints it. */
const toStream = (iso = ISO): object => ({
  stream: 'rhcos-4.18',
  metadata: { 'last-modified': '2025-01-01T00:00:00Z' },
  architectures: {
    x86_64: {
      artifacts: {
        metal: {
          release: '418.94.1-0',
          formats: {
            iso: { disk: file('rhcos-418.94.1-0-live.x86_64.iso', iso) },
            pxe: { kernel: file('rhcos-418.94.1-0-live-kernel-x86_64', KERNEL) },
          },
        },
        qemu: { release: '418.94.1-0', formats: { 'qcow2.gz': { disk: file('rhcos-qemu.x86_64.qcow2.gz', DISK) } } },
      },
      images: { aws: { regions: { 'eu-west-1': { image: 'ami-1' } } } },
    },
    aarch64: { artifacts: { metal: { formats: { iso: { disk: file('rhcos-live.aarch64.iso', ARM) } } } } },
  },
});
/** Under names of a mirror’s own, as mirror.openshift.com has them. */
const LIST =
  toLine(ISO, 'rhcos-4.18.0-x86_64-live.x86_64.iso') +
  toLine(KERNEL, 'rhcos-live-kernel-x86_64') +
  toLine(DISK, 'rhcos-qemu.x86_64.qcow2.gz');

let work = '';
let signer: ListSigner;
const at = (name: string): string => path.join(work, name);
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-boot-'));
  signer = await makeListSigner('boot');
  const stranger = await makeListSigner('stranger');
  const files = {
    'openshift-install': makeInstaller({ image: fixtureReleases[0]?.pullspec ?? '' }),
    'other-install': makeInstaller({ image: `quay.io/elsewhere/release@sha256:${ISO}` }),
    'key.gpg': signer.certificate,
    'stream.json': JSON.stringify(toStream()),
    'swapped.json': JSON.stringify(toStream('e'.repeat(64))),
    'exchanged.json': JSON.stringify(toStream()).replaceAll(DISK, KERNEL),
    'sha512.gpg': signer.inline(
      toLine(ISO, 'one') + toLine(KERNEL, 'two') + toLine('f'.repeat(128), 'rhcos-qemu.x86_64.qcow2.gz'),
    ),
    'twice.json': JSON.stringify(toStream()).replace('"stream":', '"stream":"x","stream":'),
    'other-hash.json': JSON.stringify(toStream()).replace('"sha256":', `"SHA256":"${'e'.repeat(64)}","sha256":`),
    'other-place.json': JSON.stringify(toStream()).replace(
      '"location":',
      '"Location":"https://x.example/y","location":',
    ),
    'other-formats.json': JSON.stringify(toStream()).replace('"formats":', '"Formats":{},"formats":'),
    'other-architectures.json': JSON.stringify({ ...toStream(), Architectures: {} }),
    'upper.json': JSON.stringify(toStream(ISO.toUpperCase())),
    'many.json': JSON.stringify(toStream()).replace(
      '"pxe":{',
      `"pxe":{${Array.from({ length: 4096 }, (_, index) => `"${index}":${JSON.stringify(file('a', ISO))}`).join()},`,
    ),
    'long.json': JSON.stringify(toStream()).padEnd(MAX_STREAM_BYTES + 1),
    'empty.json': '{"stream":"x","architectures":{}}',
    'list.json': '[]',
    'sha256sum.txt': LIST,
    'sha256sum.txt.gpg': signer.detached(LIST),
    'inline.gpg': signer.inline(LIST),
    'named.gpg': signer.inline(
      toLine(ISO, 'one') + toLine(KERNEL, 'two') + toLine('f'.repeat(64), 'rhcos-qemu.x86_64.qcow2.gz'),
    ),
    'arm.gpg': signer.inline(toLine(ARM, 'rhcos-live.aarch64.iso')),
    'unsigned.txt': LIST,
    'stranger.gpg': stranger.inline(LIST),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(at(name), content);
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

interface Options {
  readonly installer?: string;
  readonly stream?: string;
  readonly lists?: readonly string[];
  readonly more?: readonly string[];
  readonly keyring?: string;
}

async function check({
  installer = 'openshift-install',
  stream = 'stream.json',
  lists = ['sha256sum.txt'],
  more = [],
  keyring = 'key.gpg',
}: Options) {
  const source = ['--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE, '--stream', at(stream), '--keyring', at(keyring)];
  const named = lists.flatMap((list) => ['--boot-checksums', at(list)]);
  return await callNoun(addInstaller, ['installer', 'check', at(installer), ...source, ...named, ...more]);
}

const X86 = ['--arch', 'x86_64'];

describe('boot images beside signed lists', () => {
  test.each<[string, Options, number, readonly string[]]>([
    ['all are listed, under other names', { more: X86 }, 0, ['listed', 'listed', 'listed']],
    ['a list that holds its signature', { lists: ['inline.gpg'], more: X86 }, 0, ['listed', 'listed', 'listed']],
    ['a list for each architecture', { lists: ['inline.gpg', 'arm.gpg'] }, 0, ['listed', 'listed', 'listed', 'listed']],
    ['an architecture without a list', {}, 1, ['listed', 'listed', 'listed', 'not listed']],
    [
      'only what is asked for',
      { lists: ['arm.gpg'], more: ['--arch', 'aarch64', '--artifact', 'metal'] },
      0,
      ['listed'],
    ],
    ['another image', { stream: 'swapped.json', more: X86 }, 1, ['not listed', 'listed', 'listed']],
    ['another hash under its name', { lists: ['named.gpg'], more: X86 }, 1, ['listed', 'listed', 'differs']],
    [
      'the hash of another listed file under its name',
      { stream: 'exchanged.json', more: X86 },
      1,
      ['listed', 'listed', 'differs'],
    ],
    [
      'the same name in the list of another release beside its own',
      { lists: ['inline.gpg', 'named.gpg'], more: X86 },
      0,
      ['listed', 'listed', 'listed'],
    ],
    [
      'a hash of another length under its name',
      { lists: ['sha512.gpg'], more: X86 },
      1,
      ['listed', 'listed', 'not listed'],
    ],
    [
      'a list without a signature',
      { lists: ['unsigned.txt'], more: X86 },
      1,
      ['not listed', 'not listed', 'not listed'],
    ],
    ['a list by a stranger', { lists: ['stranger.gpg'], more: X86 }, 1, ['not listed', 'not listed', 'not listed']],
    [
      'an unsigned list beside a signed one',
      { lists: ['inline.gpg', 'unsigned.txt'], more: X86 },
      1,
      ['listed', 'listed', 'listed'],
    ],
    ['an installer that is rejected', { installer: 'other-install', more: X86 }, 1, ['listed', 'listed', 'listed']],
  ])('%s', async (_, options, status, expected) => {
    const run = await check({ ...options, more: [...(options.more ?? []), '-o', 'json'] });
    const { bootImages, verdict } = JSON.parse(run.stdout) as {
      bootImages: { outcome: string; files: { outcome: string }[]; cloudImages: string[] };
      verdict: { outcome: string };
    };
    expect([run.status, bootImages.files.map(({ outcome }) => outcome)]).toEqual([status, expected]);
    const isGood = status === 0 || options.installer !== undefined;
    expect([bootImages.outcome, verdict.outcome]).toEqual([
      isGood ? 'accepted' : 'rejected',
      options.installer === undefined ? 'accepted' : 'rejected',
    ]);
    expect(bootImages.cloudImages).toEqual(['x86_64 aws']);
  });

  test('as text, with what differs and what no list can say', async () => {
    const { stdout } = await check({ lists: ['named.gpg'], more: X86 });
    expect(stdout).toContain('\nrejected  boot images of rhcos-4.18\n');
    expect(stdout).toContain(`\n  signed by   ${signer.fingerprint}  (`);
    expect(stdout).toContain('\n  listed      x86_64 metal iso disk: rhcos-418.94.1-0-live.x86_64.iso\n');
    expect(stdout).toContain(
      `\n  differs     x86_64 qemu qcow2.gz disk: rhcos-qemu.x86_64.qcow2.gz\n    it has    sha256:${DISK}\n`,
    );
    expect(stdout).toContain(`\n    listed    ${'f'.repeat(64)}  (${at('named.gpg')}:3)\n`);
    expect(stdout).toContain('\n  left out    1 file of other architectures or artifacts\n');
    expect(stdout).toMatch(/images in clouds, which have IDs and no checksum: x86_64 aws\n$/);
  });

  test.each<[string, Options, RegExp]>([
    ['a member twice', { stream: 'twice.json' }, /not JSON/],
    ['another hash in another case', { stream: 'other-hash.json' }, /iso.disk: a member in another case/],
    ['another place in another case', { stream: 'other-place.json' }, /a member in another case/],
    ['other formats in another case', { stream: 'other-formats.json' }, /metal: a member in another case/],
    ['other architectures in another case', { stream: 'other-architectures.json' }, /a member in another case/],
    ['a hash in capitals', { stream: 'upper.json' }, /not stream metadata: .*sha256.*lower-case/],
    ['more files than are read', { stream: 'many.json' }, /more than 4096 files/],
    ['a longer file than is read', { stream: 'long.json' }, /longer than/],
    ['nothing to boot from', { stream: 'empty.json' }, /names no file to boot from/],
    ['a list for an object', { stream: 'list.json' }, /not stream metadata/],
    ['no list', { lists: [] }, /--boot-checksums/],
    ['an unknown architecture', { more: ['--arch', 'amd64'] }, /it has x86_64 metal, x86_64 qemu, aarch64 metal/],
    [
      'an unknown architecture beside a known one',
      { more: [...X86, '--arch', 'amd64'] },
      /no file of amd64; it has x86_64 metal, x86_64 qemu, aarch64 metal/,
    ],
    [
      'an artifact that none of these architectures has',
      { more: ['--arch', 'aarch64', '--artifact', 'metal', '--artifact', 'qemu'] },
      /no file of qemu; it has/,
    ],
    ['a list that is not there', { lists: ['nowhere'] }, /nowhere: no such file/],
  ])('%s is a wrong call', async (_, options, reason) => {
    await expect(check(options)).rejects.toThrow(reason);
  });

  test('--boot-checksums without --stream is a wrong call', async () => {
    const args = ['--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE, '--boot-checksums', at('inline.gpg')];
    const call = callNoun(addInstaller, ['installer', 'check', at('openshift-install'), ...args]);
    await expect(call).rejects.toThrow('give it');
  });
});

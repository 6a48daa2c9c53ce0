import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { toManifestText } from '../../../lib/base/documents/manifest-text.ts';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import {
  pruneSignatureConfigMaps,
  UNFINISHED_PREFIX,
  writeManifests,
} from '../../../lib/cluster/render/manifest-directory.ts';
import {
  SIGNATURES_NAME,
  toGroupName,
  toSignatureConfigMaps,
} from '../../../lib/cluster/render/signature-config-maps.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'signet-render-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const put = (name: string, text: string) => writeFile(path.join(directory, name), text);
const get = (name: string) => readFile(path.join(directory, name), 'utf8');

describe('writing', () => {
  test('makes the directory, writes what is new or differs, and touches nothing else', async () => {
    const nested = path.join(directory, 'a', 'b');
    const first = await writeManifests(nested, [
      { name: 'x.yaml', text: 'x' },
      { name: 'y.yaml', text: 'y' },
    ]);
    expect(first.map(({ outcome }) => outcome)).toEqual(['written', 'written']);
    await utimes(path.join(nested, 'x.yaml'), 1, 1);
    await writeFile(path.join(nested, 'kustomization.yaml'), 'mine');
    const second = await writeManifests(nested, [
      { name: 'x.yaml', text: 'x' },
      { name: 'y.yaml', text: 'yy' },
    ]);
    expect(second.map(({ outcome }) => outcome)).toEqual(['unchanged', 'written']);
    expect((await stat(path.join(nested, 'x.yaml'))).mtimeMs).toBe(1000);
    expect((await readdir(nested)).toSorted()).toEqual(['kustomization.yaml', 'x.yaml', 'y.yaml']);
    expect(await readFile(path.join(nested, 'y.yaml'), 'utf8')).toBe('yy');
  });

  test.each(['', 'x', 'xy', 'xyzz', 'abc'])('%j there before: replaced whole', async (before) => {
    await put('x.yaml', before);
    const [written] = await writeManifests(directory, [{ name: 'x.yaml', text: 'xyz' }]);
    expect([written?.outcome, await get('x.yaml')]).toEqual(['written', 'xyz']);
  });

  test('what is no regular file is not replaced', async () => {
    const fifo = path.join(directory, 'x.yaml');
    execFileSync('mkfifo', [fifo]);
    const message = `cannot write ${directory}: ${fifo} is not a regular file`;
    await expect(writeManifests(directory, [{ name: 'x.yaml', text: 'x' }])).rejects.toMatchObject({ message });
    expect((await lstat(fifo)).isFIFO()).toBe(true);
  });

  test('a link is replaced by a file, and what it leads to stays', async () => {
    await put('target', 'precious');
    await symlink(path.join(directory, 'target'), path.join(directory, 'x.yaml'));
    await writeManifests(directory, [{ name: 'x.yaml', text: 'x' }]);
    expect([await get('target'), await get('x.yaml')]).toEqual(['precious', 'x']);
  });

  test('what cannot be written is an InputError, and leaves nothing unfinished', async () => {
    await mkdir(path.join(directory, 'x.yaml'));
    await expect(writeManifests(directory, [{ name: 'x.yaml', text: 'x' }])).rejects.toThrow(InputError);
    expect(await readdir(directory)).toEqual(['x.yaml']);
    await put('file', '');
    await expect(writeManifests(path.join(directory, 'file'), [{ name: 'x', text: 'x' }])).rejects.toThrow(InputError);
    await expect(writeManifests('s3://bucket', [])).rejects.toThrow(InputError);
  });
});

describe('pruning', () => {
  const own = (version: string | undefined): string => {
    const digest = parseDigest(`sha256:${'a1'.repeat(32)}`);
    const [configMap] = toSignatureConfigMaps([{ digest, version, signatures: [Buffer.from('x')] }]);
    return toManifestText(configMap ?? {}, 'yaml');
  };
  async function prune(groups: readonly string[], keep: readonly string[] = []): Promise<readonly string[]> {
    const before = await readdir(directory);
    const request = { directory, keep: new Set(keep), groups, now: new Date() };
    const removed = (await pruneSignatureConfigMaps(request)).map(({ file }) => path.basename(file));
    const after = await readdir(directory);
    expect(before.filter((name) => !after.includes(name)).toSorted()).toEqual(removed);
    return removed;
  }

  test('removes what was rendered, in both formats, and keeps what still is', async () => {
    const metadata = {
      name: `${SIGNATURES_NAME}-4-16-2`,
      namespace: 'openshift-config-managed',
      labels: { 'release.openshift.io/verification-signatures': '' },
    };
    await put(`${SIGNATURES_NAME}-4-16-1.yaml`, own('4.16.1'));
    await put(`${SIGNATURES_NAME}-4-16-2.json`, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata }));
    await put(`${SIGNATURES_NAME}-unversioned-1.yaml`, own(undefined));
    expect(await prune([SIGNATURES_NAME], [`${SIGNATURES_NAME}-4-16-1.yaml`])).toEqual([
      `${SIGNATURES_NAME}-4-16-2.json`,
      `${SIGNATURES_NAME}-unversioned-1.yaml`,
    ]);
  });

  test('of these minor versions alone: 4.1 is not 4.16', async () => {
    await put(`${SIGNATURES_NAME}-4-16-1.yaml`, own('4.16.1'));
    await put(`${SIGNATURES_NAME}-4-1-1.yaml`, own('4.1.1'));
    expect(await prune([toGroupName('4.1')])).toEqual([`${SIGNATURES_NAME}-4-1-1.yaml`]);
  });

  test.each<[name: string, file: string, text: string]>([
    ['another name', 'mine.yaml', own('4.16.1')],
    ['another extension', `${SIGNATURES_NAME}-4-16-1.yaml.bak`, own('4.16.1')],
    ['a name that is not numbered', `${SIGNATURES_NAME}-4-16-x.yaml`, own('4.16.1')],
    ['a number with a zero in front', `${SIGNATURES_NAME}-4-16-01.yaml`, own('4.16.1')],
    ['another name inside', `${SIGNATURES_NAME}-4-16-2.yaml`, own('4.16.1')],
    ['another namespace inside', `${SIGNATURES_NAME}-4-16-1.yaml`, own('4.16.1').replace('config-managed', 'config')],
    ['no label', `${SIGNATURES_NAME}-4-16-1.yaml`, own('4.16.1').replace('verification-signatures', 'other')],
    ['another kind', `${SIGNATURES_NAME}-4-16-1.yaml`, own('4.16.1').replace('ConfigMap', 'Secret')],
    ['a second document', `${SIGNATURES_NAME}-4-16-1.yaml`, `${own('4.16.1')}---\n${own('4.16.1')}`],
    ['what is no YAML', `${SIGNATURES_NAME}-4-16-1.yaml`, '{'],
    ['empty', `${SIGNATURES_NAME}-4-16-1.yaml`, ''],
    ['unfinished, by another run just now', `${UNFINISHED_PREFIX}1-x`, 'x'],
  ])('%s stays', async (_, file, text) => {
    await put(file, text);
    expect(await prune([SIGNATURES_NAME])).toEqual([]);
  });

  test('a link and a directory of such a name stay', async () => {
    await put('target', own('4.16.1'));
    await symlink(path.join(directory, 'target'), path.join(directory, `${SIGNATURES_NAME}-4-16-1.yaml`));
    await mkdir(path.join(directory, `${SIGNATURES_NAME}-4-16-2.yaml`));
    expect(await prune([SIGNATURES_NAME])).toEqual([]);
  });

  test('what a crash left unfinished goes after an hour', async () => {
    await put(`${UNFINISHED_PREFIX}1-x`, 'x');
    await utimes(path.join(directory, `${UNFINISHED_PREFIX}1-x`), 1, 1);
    expect(await prune([SIGNATURES_NAME])).toEqual([`${UNFINISHED_PREFIX}1-x`]);
  });

  test('a directory that is not there', async () => {
    const request = { directory: path.join(directory, 'none'), keep: new Set<string>(), groups: [], now: new Date() };
    await expect(pruneSignatureConfigMaps(request)).rejects.toThrow(InputError);
  });
});

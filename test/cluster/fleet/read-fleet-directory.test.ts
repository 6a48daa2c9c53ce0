import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_CLUSTER_FILES } from '../../../lib/cluster/fleet/read-fleet-archive.ts';
import { listFleet, readClusterFiles } from '../../../lib/cluster/fleet/read-fleet-directory.ts';
import { clusterVersion, writeFiles } from './sample-clusters.ts';

let work = '';
const at = (...parts: readonly string[]): string => path.join(work, ...parts);

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-fleet-'));
  const gathered = 'must-gather.local.1/quay-io-x';
  await writeFiles(at('fleet'), {
    'east.yaml': clusterVersion({}),
    'west/a.json': clusterVersion({}),
    'west/deeper/b.yml': '',
    'west/notes.txt': 'x',
    '.hidden/a.yaml': '',
    'notes.txt': 'x',
    [`${gathered}/namespaces/x/pods.yaml`]: 'x',
    [`${gathered}/timestamp.yaml`]: 'x',
    [`${gathered}/cluster-scoped-resources/config.openshift.io/clusterversions/version.yaml`]: clusterVersion({}),
    [`${gathered}/cluster-scoped-resources/config.openshift.io/clusterversions.yaml`]: clusterVersion({}),
    [`${gathered}/cluster-scoped-resources/config.openshift.io/clusteroperators/dns.yaml`]: 'x',
    [`${gathered}/cluster-scoped-resources/operator.openshift.io/imagecontentsourcepolicies/a.yaml`]: 'x',
    [`${gathered}/cluster-scoped-resources/core/nodes/a.yaml`]: 'x',
    [`${gathered}/namespaces/n/hive.openshift.io/clusterdeployments/a.yaml`]: 'x',
    [`${gathered}/namespaces/n/hive.openshift.io/syncsets/a.yaml`]: 'x',
  });
  await mkdir(at('empty'));
  await writeFiles(at('twice'), { 'a.yaml': '', 'a.json': '' });
  await writeFiles(at('deep'), { [`a/${'x/'.repeat(13)}a.yaml`]: '' });
  await writeFiles(
    at('many'),
    Object.fromEntries(Array.from({ length: MAX_CLUSTER_FILES + 1 }, (_, index) => [`a/${index}.yaml`, ''])),
  );
  await mkdir(at('linked/a'), { recursive: true });
  await symlink('/etc/hostname', at('linked/a/version.yaml'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

test('one cluster for each file and folder, and of a must-gather what is surveyed', async () => {
  const { folders: fleet, passedOver } = await listFleet(at('fleet'));
  expect(passedOver).toEqual([at('fleet/notes.txt')]);
  const shown = fleet.map(({ cluster, files }) => [cluster, files.map((file) => path.relative(at('fleet'), file))]);
  const scoped = 'must-gather.local.1/quay-io-x/cluster-scoped-resources';
  expect(shown).toEqual([
    ['east', ['east.yaml']],
    [
      'must-gather.local.1',
      [
        `${scoped}/config.openshift.io/clusterversions.yaml`,
        `${scoped}/config.openshift.io/clusterversions/version.yaml`,
        `${scoped}/operator.openshift.io/imagecontentsourcepolicies/a.yaml`,
        'must-gather.local.1/quay-io-x/namespaces/n/hive.openshift.io/clusterdeployments/a.yaml',
      ],
    ],
    ['west', ['west/a.json', 'west/deeper/b.yml', 'west/notes.txt']],
  ]);
});

test('a must-gather itself is one cluster', async () => {
  const { folders } = await listFleet(at('fleet/must-gather.local.1/quay-io-x'));
  expect(folders).toMatchObject([{ cluster: 'quay-io-x', files: { length: 4 } }]);
});

test.each<[string, string, string]>([
  ['nothing', 'empty', 'it holds no YAML file, JSON file or folder of a cluster'],
  ['no directory', 'absent', 'cannot read'],
  ['two of a name', 'twice', 'it holds two clusters named a'],
  ['too deep', 'deep', 'folders are nested more than 12 deep'],
  ['too many files', 'many', `holds more than ${MAX_CLUSTER_FILES} YAML and JSON files`],
])('%s', async (_, directory, message) => {
  await expect(listFleet(at(directory))).rejects.toThrow(message);
});

test('a link is not followed, and is its cluster’s fault alone', async () => {
  const [folder] = (await listFleet(at('linked'))).folders;
  const [file] = folder === undefined ? [] : await readClusterFiles(folder);
  expect(String(file?.contents)).toContain('a symbolic link');
});

describe('archives', () => {
  const text = JSON.stringify(clusterVersion({}));
  const pack = async (...entries: readonly (readonly [name: string, body: string])[]) =>
    packTar(entries.map(([name, body]) => ({ header: { name, size: Buffer.byteLength(body) }, body })));
  const read = async (name: string, bytes: Uint8Array) => {
    await mkdir(at('archives'), { recursive: true });
    await writeFile(at('archives', name), bytes);
    const { folders } = await listFleet(at('archives', name));
    expect(folders.map(({ cluster }) => cluster)).toEqual(['east']);
    const [folder] = folders;
    const files = folder === undefined ? [] : await readClusterFiles(folder);
    return files.map((file) => {
      const { contents } = file;
      const shown = contents instanceof Uint8Array ? Buffer.from(contents).toString() : String(contents);
      return [path.relative(at('archives'), file.name), shown];
    });
  };
  const VERSION = 'must-gather/quay-io/cluster-scoped-resources/config.openshift.io/clusterversions/version.yaml';

  test('a file that is packed', async () => {
    expect(await read('east.yaml.gz', gzipSync(text))).toEqual([['east.yaml.gz', text]]);
  });

  test.each(['east.tar', 'east.tar.gz', 'east.tgz'])('%s of exports, with what was not read', async (name) => {
    const tar = await pack(['cv.yaml', text], ['notes.txt', 'x']);
    expect(await read(name, name.endsWith('.tar') ? tar : gzipSync(tar))).toEqual([
      [`${name}/cv.yaml`, text],
      [`${name}/notes.txt`, 'not read'],
    ]);
  });

  test('of a must-gather what is surveyed', async () => {
    const deployment = 'must-gather/quay-io/namespaces/n/hypershift.openshift.io/nodepools/a.yaml';
    const tar = await pack(
      ['must-gather/timestamp', 'x'],
      ['must-gather/event-filter.yaml', 'x'],
      [VERSION, text],
      [deployment, text],
      ['must-gather/quay-io/namespaces/n/core/pods.yaml', 'x'],
      ['must-gather/quay-io/namespaces/n/pods/a/current.log', 'x'],
    );
    expect(await read('east.tar.gz', gzipSync(tar))).toEqual([
      [`east.tar.gz/${VERSION}`, text],
      [`east.tar.gz/${deployment}`, text],
    ]);
  });

  test.each<[string, (tar: Buffer) => Uint8Array, string]>([
    ['cut in half while packed', (tar) => gzipSync(tar).subarray(0, 60), 'unpacking failed'],
    ['cut in half', (tar) => gzipSync(tar.subarray(0, 700)), 'cannot read'],
    ['of another kind', () => Buffer.from('PK\u0003\u0004'), 'a ZIP archive: unpack it first'],
  ])('one that is %s is a fault as a whole', async (_, change, fault) => {
    const tar = Buffer.from(await pack(['cv.yaml', text], ['b.yaml', text]));
    const files = await read('east.tar.gz', change(tar));
    expect(files).toHaveLength(1);
    expect(files[0]?.[1]).toContain(fault);
  });

  test('an archive is not followed through a link', async () => {
    await writeFile(at('archives', 'real.tar'), await readFile(at('archives', 'east.tar')));
    await mkdir(at('archived'), { recursive: true });
    await symlink(at('archives', 'real.tar'), at('archived', 'a.tar'));
    const [folder] = (await listFleet(at('archived'))).folders;
    const [file] = folder === undefined ? [] : await readClusterFiles(folder);
    expect(String(file?.contents)).toContain('a symbolic link');
  });
});

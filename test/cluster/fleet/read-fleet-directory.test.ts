import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listFleet, MAX_CLUSTER_FILES, readClusterFiles } from '../../../lib/cluster/fleet/read-fleet-directory.ts';
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
  const fleet = await listFleet(at('fleet'));
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
      ],
    ],
    ['west', ['west/a.json', 'west/deeper/b.yml']],
  ]);
});

test('a must-gather itself is one cluster', async () => {
  const fleet = await listFleet(at('fleet/must-gather.local.1/quay-io-x'));
  expect(fleet).toMatchObject([{ cluster: 'quay-io-x', files: { length: 3 } }]);
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
  const [folder] = await listFleet(at('linked'));
  const [file] = folder === undefined ? [] : await readClusterFiles(folder);
  expect(String(file?.contents)).toContain('a symbolic link');
});

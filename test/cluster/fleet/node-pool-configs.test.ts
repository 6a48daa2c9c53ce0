import { describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { checkCluster } from '../../../lib/cluster/fleet/check-cluster.ts';
import { parseClusterObjects } from '../../../lib/cluster/fleet/parse-cluster-objects.ts';
import { clusterVersion, digestOf, list, OCP } from './sample-clusters.ts';

const COMPONENT = `quay.io/openshift-release-dev/ocp-v4.0-art-dev@${digestOf('e')}`;

const nodePool = (...names: readonly string[]): object => ({
  apiVersion: 'hypershift.openshift.io/v1beta1',
  kind: 'NodePool',
  metadata: { name: 'a', namespace: 'clusters' },
  spec: { release: { image: `${OCP}@${digestOf('a')}` }, config: names.map((name) => ({ name })) },
});
const configMap = (name: string, config: object | string | undefined, namespace = 'clusters'): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: config === undefined ? {} : { config: typeof config === 'string' ? config : JSON.stringify(config) },
});
const machineConfig = (spec: object): object => ({
  apiVersion: 'machineconfiguration.openshift.io/v1',
  kind: 'MachineConfig',
  metadata: { name: 'tuned' },
  spec,
});

function survey(...objects: readonly object[]) {
  const ready = clusterVersion({ desired: `${OCP}@${digestOf('a')}` });
  const contents = Buffer.from(JSON.stringify(list(ready, ...objects)));
  return checkCluster(parseClusterObjects('hub', [{ name: 'all.json', contents }]), {
    profile: 'ocp',
    canonicalRepositories: [parseRepository(OCP)],
    force: 'allow',
    stores: undefined,
  });
}

describe('ConfigMaps that a NodePool names', () => {
  test.each<[name: string, objects: readonly object[], outcome: string, says: string]>([
    ['that are harmless', [nodePool('a'), configMap('a', machineConfig({ config: {} }))], 'ready', ''],
    [
      'with a MachineConfig of another operating system',
      [nodePool('a'), configMap('a', machineConfig({ osImageURL: COMPONENT }))],
      'refused',
      'NodePool clusters/a spec.config: ConfigMap a: MachineConfig tuned spec.osImageURL',
    ],
    [
      'of several objects',
      [
        nodePool('a'),
        configMap('a', `kind: KubeletConfig\n---\n${JSON.stringify(machineConfig({ osImageURL: COMPONENT }))}`),
      ],
      'refused',
      'MachineConfig tuned spec.osImageURL',
    ],
    [
      'that is the second',
      [nodePool('a', 'b'), configMap('a', machineConfig({})), configMap('b', machineConfig({ osImageURL: COMPONENT }))],
      'refused',
      'ConfigMap b: MachineConfig tuned',
    ],
    [
      'with an image policy',
      [nodePool('a'), configMap('a', { apiVersion: 'config.openshift.io/v1', kind: 'ClusterImagePolicy' })],
      'ready',
      'its ClusterImagePolicy decides which images its nodes accept',
    ],
    ['that are not exported', [nodePool('a')], 'unknown', 'ConfigMap a'],
    [
      'of another namespace',
      [nodePool('a'), configMap('a', machineConfig({}), 'default')],
      'unknown',
      'it is not in the export',
    ],
    ['without the member that counts', [nodePool('a'), configMap('a', undefined)], 'unknown', 'it has no data.config'],
    ['that cannot be read', [nodePool('a'), configMap('a', 'kind: [')], 'unknown', 'data.config:1'],
    ['that no NodePool names', [configMap('a', machineConfig({ osImageURL: COMPONENT }))], 'ready', ''],
  ])('%s', (_, objects, outcome, says) => {
    const { outcome: found, findings } = survey(...objects);
    expect(found).toBe(outcome);
    expect(findings.map(({ where, message }) => `${where}: ${message}`).join('\n')).toContain(says);
  });
});

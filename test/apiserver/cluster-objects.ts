import { fixtureReleases } from '../support/fixture-releases.ts';

/** A signed release of the fixtures, one that nobody signed, and the images that must not get in. */
export const CANONICAL = 'quay.io/openshift-release-dev/ocp-release';
export const [GOOD = '', ALSO_GOOD = ''] = fixtureReleases
  .filter(({ expected }) => expected === 'accept')
  .map(({ pullspec }) => pullspec);
export const UNSIGNED = `${CANONICAL}@sha256:${'5'.repeat(64)}`;
export const FOREIGN = `evil.example/my/openshift@${GOOD.slice(GOOD.indexOf('@') + 1)}`;
export const COMPONENT = `evil.example/installer@sha256:${'6'.repeat(64)}`;

export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly annotations?: object };
  readonly spec: object;
  readonly status?: object;
}

type Change = { readonly annotations?: object; readonly [member: string]: unknown };

function toObject(apiVersion: string, kind: string, namespace?: string) {
  return (name: string, base: object, { annotations, ...spec }: Change): ClusterObject => ({
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: { ...base, ...spec },
  });
}

const services = ['APIServer', 'OAuthServer', 'Konnectivity', 'Ignition'].map((service) => ({
  service,
  servicePublishingStrategy: { type: service === 'APIServer' ? 'LoadBalancer' : 'Route' },
}));

/** Minimal objects of each kind, with a part of the spec and annotations put in. */
export const make = {
  clusterimagesets: (name: string, change: Change) =>
    toObject('hive.openshift.io/v1', 'ClusterImageSet')(name, {}, change),
  clusterdeployments: (name: string, change: Change) =>
    toObject('hive.openshift.io/v1', 'ClusterDeployment', 'clusters')(
      name,
      { baseDomain: 'example.com', clusterName: name, platform: { none: {} } },
      change,
    ),
  hostedclusters: (name: string, change: Change) =>
    toObject('hypershift.openshift.io/v1beta1', 'HostedCluster', 'clusters')(
      name,
      {
        etcd: { managementType: 'Managed', managed: { storage: { type: 'PersistentVolume' } } },
        networking: { clusterNetwork: [{ cidr: '10.132.0.0/14' }], serviceNetwork: [{ cidr: '172.31.0.0/16' }] },
        platform: { type: 'None' },
        pullSecret: { name: 'pull-secret' },
        sshKey: { name: 'ssh-key' },
        release: { image: GOOD },
        services,
      },
      change,
    ),
  nodepools: (name: string, change: Change) =>
    toObject('hypershift.openshift.io/v1beta1', 'NodePool', 'clusters')(
      name,
      {
        clusterName: 'hosted',
        replicas: 1,
        management: { upgradeType: 'Replace' },
        platform: { type: 'None' },
        release: { image: GOOD },
      },
      change,
    ),
  machineconfigs: (name: string, change: Change) =>
    toObject('machineconfiguration.openshift.io/v1', 'MachineConfig')(name, {}, change),
} as const;

/** The ClusterVersion of a cluster, whose name is always the same. */
export function makeClusterVersion(spec: object): ClusterObject {
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterVersion',
    metadata: { name: 'version' },
    spec: { clusterID: '2a7c0c1e-0d0b-4a51-9d1e-111111111111', ...spec },
  };
}

/** What the cluster-version operator writes of a cluster that has updates. */
export const CLUSTER_VERSION_STATUS = {
  observedGeneration: 1,
  versionHash: 'x',
  desired: { version: '4.99.0', image: ALSO_GOOD },
  history: [
    {
      state: 'Completed',
      version: '4.99.0',
      image: ALSO_GOOD,
      startedTime: '2026-11-01T00:00:00Z',
      completionTime: '2026-11-01T01:00:00Z',
      verified: true,
    },
    {
      state: 'Completed',
      version: '4.98.7',
      image: GOOD,
      startedTime: '2026-10-01T00:00:00Z',
      completionTime: '2026-10-01T01:00:00Z',
      verified: true,
    },
  ],
  availableUpdates: [
    { version: '4.99.1', image: GOOD },
    { version: '4.99.2', image: UNSIGNED },
    { version: '4.99.3', image: FOREIGN },
  ],
  conditionalUpdates: [
    {
      release: { version: '4.99.8', image: GOOD },
      risks: [{ url: 'https://example.com/risk', name: 'Risk', message: 'x', matchingRules: [{ type: 'Always' }] }],
      conditions: [],
    },
  ],
};

/** The path of an object's collection, or of the object. */
export function toApiPath(resource: string, { apiVersion, metadata }: ClusterObject, isNamed = false): string {
  const { namespace, name } = metadata;
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `/apis/${apiVersion}${scope}/${resource}${isNamed ? `/${name}` : ''}`;
}

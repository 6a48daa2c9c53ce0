/** The kinds that admission reviews, by the last segment of the webhook's path. */
export const ADMISSION_KINDS = {
  clusterimagesets: {
    group: 'hive.openshift.io',
    version: 'v1',
    kind: 'ClusterImageSet',
    scope: 'Cluster',
    paths: ['spec.releaseImage'],
  },
  // A ClusterDeployment's own image overrides that of its ClusterImageSet.
  clusterdeployments: {
    group: 'hive.openshift.io',
    version: 'v1',
    kind: 'ClusterDeployment',
    scope: 'Namespaced',
    paths: ['spec.provisioning.releaseImage'],
  },
  clusterversions: {
    group: 'config.openshift.io',
    version: 'v1',
    kind: 'ClusterVersion',
    scope: 'Cluster',
    paths: ['spec.desiredUpdate'],
  },
  // The control plane runs the second image, if set: unchecked, it would bypass the first.
  hostedclusters: {
    group: 'hypershift.openshift.io',
    version: 'v1beta1',
    kind: 'HostedCluster',
    scope: 'Namespaced',
    paths: ['spec.release.image', 'spec.controlPlaneRelease.image'],
  },
  nodepools: {
    group: 'hypershift.openshift.io',
    version: 'v1beta1',
    kind: 'NodePool',
    scope: 'Namespaced',
    paths: ['spec.release.image'],
  },
  // These name no release: what they name beside it is judged.
  machineconfigs: {
    group: 'machineconfiguration.openshift.io',
    version: 'v1',
    kind: 'MachineConfig',
    scope: 'Cluster',
    paths: [],
  },
  machineosconfigs: {
    group: 'machineconfiguration.openshift.io',
    version: 'v1',
    // Of 4.16 to 4.18, whose fields have names of their own among the side doors.
    otherVersions: ['v1alpha1'],
    kind: 'MachineOSConfig',
    scope: 'Cluster',
    paths: [],
  },
  osimagestreams: {
    group: 'machineconfiguration.openshift.io',
    version: 'v1alpha1',
    otherVersions: ['v1'],
    kind: 'OSImageStream',
    scope: 'Cluster',
    paths: [],
  },
} as const satisfies Readonly<Record<string, AdmissionKind>>;

/** A kind as the webhook's rules name it. The API server converts versions that are not named, where it serves this one. */
export interface AdmissionKind {
  readonly group: string;
  readonly version: string;
  /** Versions with the same fields, for clusters that do not serve the first: there no rule of it would match. */
  readonly otherVersions?: readonly string[];
  readonly kind: string;
  readonly scope: 'Cluster' | 'Namespaced';
  /** Fields that name releases: pullspecs, or the desired update of a ClusterVersion. */
  readonly paths: readonly string[];
}

/** The plural name, as in the path and in the webhook's rules. */
export type AdmissionResource = keyof typeof ADMISSION_KINDS;

export const ADMISSION_RESOURCES: readonly AdmissionResource[] = [
  'clusterimagesets',
  'clusterdeployments',
  'clusterversions',
  'hostedclusters',
  'nodepools',
  'machineconfigs',
  'machineosconfigs',
  'osimagestreams',
];

export function isAdmissionResource(text: string): text is AdmissionResource {
  return Object.hasOwn(ADMISSION_KINDS, text);
}

/** The versions of a kind that are judged. */
export function listVersions(resource: AdmissionResource): readonly string[] {
  const { version, otherVersions = [] }: AdmissionKind = ADMISSION_KINDS[resource];
  return [version, ...otherVersions];
}

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
} as const satisfies Readonly<Record<string, AdmissionKind>>;

/** A kind as the webhook's rules name it. The API server converts other versions to this one. */
export interface AdmissionKind {
  readonly group: string;
  readonly version: string;
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
];

export function isAdmissionResource(text: string): text is AdmissionResource {
  return Object.hasOwn(ADMISSION_KINDS, text);
}

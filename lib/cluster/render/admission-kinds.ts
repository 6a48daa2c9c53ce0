/** The kinds that admission reviews, by the last segment of the path. */
export const ADMISSION_KINDS = {
  clusterimagesets: {
    group: 'hive.openshift.io',
    version: 'v1',
    kind: 'ClusterImageSet',
    scope: 'Cluster',
    paths: ['spec.releaseImage'],
  },
  // Its own image takes precedence over that of its image set.
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
  // The second is what the management cluster runs of it: it would be a way around the first.
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

/** A kind as the webhook's rules name it: the API server converts other versions to this one. */
export interface AdmissionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly scope: 'Cluster' | 'Namespaced';
  /** Where it names releases: text, and of a ClusterVersion the whole update. */
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

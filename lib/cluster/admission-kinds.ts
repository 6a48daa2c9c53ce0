/** The kinds that admission reviews, by the last segment of the path. */
export const ADMISSION_KINDS = {
  clusterimagesets: { group: 'hive.openshift.io', version: 'v1', kind: 'ClusterImageSet' },
  clusterdeployments: { group: 'hive.openshift.io', version: 'v1', kind: 'ClusterDeployment' },
  clusterversions: { group: 'config.openshift.io', version: 'v1', kind: 'ClusterVersion' },
  hostedclusters: { group: 'hypershift.openshift.io', version: 'v1beta1', kind: 'HostedCluster' },
  nodepools: { group: 'hypershift.openshift.io', version: 'v1beta1', kind: 'NodePool' },
} as const satisfies Readonly<Record<string, AdmissionKind>>;

/** A kind as the webhook's rules name it: the API server converts other versions to this one. */
export interface AdmissionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
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

/** An entry of a ClusterVersion's `spec.overrides` that may not become unmanaged. */
export interface GuardedManifest {
  readonly kind: string;
  /** Undefined: any namespace. */
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly why: string;
}

/** Manifests of a release that its verification rests on. Any other override is admitted with a warning. */
export const GUARDED_MANIFESTS: readonly GuardedManifest[] = [
  // openshift/machine-config-operator install/0000_90_openshift-cluster-image-policy.yaml
  { kind: 'ClusterImagePolicy', name: 'openshift', why: 'nodes verify the images of the release by it' },
  // openshift/cluster-version-operator install/0000_00_cluster-version-operator_03_deployment.yaml
  {
    kind: 'Deployment',
    namespace: 'openshift-cluster-version',
    name: 'cluster-version-operator',
    why: 'it verifies releases',
  },
  // openshift/machine-config-operator install/0000_80_machine-config_04_deployment.yaml
  {
    kind: 'Deployment',
    namespace: 'openshift-machine-config-operator',
    name: 'machine-config-operator',
    why: 'it writes the image policies of the nodes',
  },
  // openshift/cluster-update-keys manifests/0000_90_cluster-update-keys_configmap.yaml
  {
    kind: 'ConfigMap',
    namespace: 'openshift-config-managed',
    name: 'release-verification',
    why: 'it holds the keys of releases',
  },
];

/** The path of overrides in a ClusterVersion (`openshift/api` config/v1). */
export const OVERRIDES_PATH = 'spec.overrides';

/** Users whose objects hold what was judged before: the controller merges the MachineConfigs of a pool into one. */
export const MACHINE_CONFIG_RENDERER = {
  user: 'system:serviceaccount:openshift-machine-config-operator:machine-config-controller',
  namePrefix: 'rendered-',
} as const;

import type { AdmissionResource } from './admission-kinds.ts';

/** What a field holds that can replace a part of the release, or the check of it. */
export type DoorContent =
  /** The pullspec of a release. */
  | 'release'
  /** The image of a component, or of the operating system. */
  | 'component'
  /** `name=image` pairs, separated by commas. */
  | 'components'
  /** Anything that has another image run, or an image not checked: no image of it can be judged. */
  | 'setting'
  /** A choice among images of the same release, or what cannot be read here: admitted, and said. */
  | 'choice';

/** Where it stands. `[]` after a list is each of its entries. */
export type DoorPlace =
  | { readonly kind: 'field'; readonly path: string; readonly where?: readonly [member: string, value: string] }
  | { readonly kind: 'annotation'; readonly name: string }
  /** Every annotation of this form, but those that have a row of their own. */
  | { readonly kind: 'annotations'; readonly prefix: string; readonly suffix: string };

/** A field beside the release that decides what runs. */
export interface SideDoor {
  readonly resource: AdmissionResource;
  readonly place: DoorPlace;
  readonly holds: DoorContent;
  /** Completes "the field …". */
  readonly does: string;
  /** Where that is written. */
  readonly source: string;
}

const HIVE = 'openshift/hive apis/hive/v1/clusterdeployment_types.go';
const HIVE_CONSTANTS = 'openshift/hive pkg/constants/constants.go';
const HYPERSHIFT = 'openshift/hypershift api/hypershift/v1beta1/hostedcluster_types.go';
const HYPERSHIFT_KUBEVIRT = 'openshift/hypershift api/hypershift/v1beta1/kubevirt.go';
const HYPERSHIFT_NODE_POOL = 'openshift/hypershift api/hypershift/v1beta1/nodepool_types.go';
const OS_IMAGE_STREAM = 'openshift/api machineconfiguration/v1alpha1/types_osimagestream.go';
const INSTALLER = 'openshift/installer docs/user/environment-variables.md';
const MACHINE_CONFIG = 'openshift/api machineconfiguration/v1/types.go';
const MACHINE_OS_CONFIG = 'openshift/api machineconfiguration/v1/types_machineosconfig.go';

const field = (path: string): DoorPlace => ({ kind: 'field', path });
const annotation = (name: string): DoorPlace => ({ kind: 'annotation', name });
const installerVariable = (name: string, member: 'value' | 'valueFrom' = 'value'): DoorPlace => ({
  kind: 'field',
  path: `spec.provisioning.installerEnv[].${member}`,
  where: ['name', name],
});

/** Annotations of HyperShift whose names do not end in `-image`, by resource. */
const onBoth = (name: string, holds: DoorContent, does: string): readonly SideDoor[] =>
  (['hostedclusters', 'nodepools'] as const).map((resource) => ({
    resource,
    place: annotation(`hypershift.openshift.io/${name}`),
    holds,
    does,
    source: HYPERSHIFT,
  }));

/** Every field beside the release that admission judges and `fleet check` lists. */
export const SIDE_DOORS: readonly SideDoor[] = [
  {
    resource: 'clusterdeployments',
    place: field('spec.provisioning.installerImageOverride'),
    holds: 'component',
    does: 'is the image that installs the cluster, with the credentials of its cloud',
    source: HIVE,
  },
  {
    resource: 'clusterdeployments',
    place: installerVariable('OPENSHIFT_INSTALL_RELEASE_IMAGE_OVERRIDE'),
    holds: 'release',
    does: 'has the installer install another release',
    source: INSTALLER,
  },
  {
    resource: 'clusterdeployments',
    place: installerVariable('OPENSHIFT_INSTALL_OS_IMAGE_OVERRIDE'),
    holds: 'setting',
    does: 'has the nodes boot another operating system',
    source: INSTALLER,
  },
  ...['OPENSHIFT_INSTALL_RELEASE_IMAGE_OVERRIDE', 'OPENSHIFT_INSTALL_OS_IMAGE_OVERRIDE'].map((name): SideDoor => ({
    resource: 'clusterdeployments',
    place: installerVariable(name, 'valueFrom'),
    holds: 'setting',
    does: 'has the installer take another image, whose name stands in another object',
    source: HIVE,
  })),
  {
    resource: 'clusterdeployments',
    place: annotation('hive.openshift.io/minimal-install-mode'),
    holds: 'setting',
    does: 'has Hive install without verifying the release',
    source: HIVE_CONSTANTS,
  },
  {
    resource: 'clusterdeployments',
    place: annotation('hive.openshift.io/cli-domain-from-installer-image'),
    holds: 'setting',
    does: 'has the image of the command line pulled from the registry of the installer image',
    source: HIVE_CONSTANTS,
  },
  {
    resource: 'clusterdeployments',
    place: annotation('hive.openshift.io/installer-image-name-override'),
    holds: 'choice',
    does: 'picks another image of the same release to install the cluster',
    source: HIVE_CONSTANTS,
  },
  ...(['manifestsConfigMapRef', 'manifestsConfigMapRefs', 'manifestsSecretRef'] as const).map((member): SideDoor => ({
    resource: 'clusterdeployments',
    place: field(`spec.provisioning.${member}`),
    holds: 'choice',
    does: 'names manifests of the installation, which may hold a MachineConfig or overrides of the ClusterVersion',
    source: HIVE,
  })),
  ...onBoth('image-overrides', 'components', 'replaces images of the release'),
  ...onBoth('force-upgrade-to', 'release', 'has the cluster go to this release although it says that it must not'),
  ...onBoth('skip-release-image-validation', 'setting', 'switches off the checks of the release image'),
  ...onBoth('control-plane-operator-image-labels', 'setting', 'steers what the operator believes its image to be'),
  ...onBoth('kubevirt-vm-jsonpatch', 'setting', 'patches the machines of the nodes, and so what they boot'),
  ...onBoth('olm-catalogs-is-registry-overrides', 'setting', 'has catalogs pulled from other registries, by tag'),
  ...(['hostedclusters', 'nodepools'] as const).map((resource): SideDoor => ({
    resource,
    place: { kind: 'annotations', prefix: 'hypershift.openshift.io/', suffix: '-image' },
    holds: 'component',
    does: 'replaces a component of the control plane or of its nodes',
    source: HYPERSHIFT,
  })),
  {
    resource: 'nodepools',
    place: field('spec.config'),
    holds: 'choice',
    does: 'names ConfigMaps that may hold a MachineConfig or an image policy',
    source: HYPERSHIFT_NODE_POOL,
  },
  {
    resource: 'hostedclusters',
    place: field('spec.imageContentSources'),
    holds: 'choice',
    does: 'has images pulled from mirrors, by the digests that the release names',
    source: HYPERSHIFT,
  },
  {
    resource: 'osimagestreams',
    place: field('spec.defaultStream'),
    holds: 'choice',
    does: 'picks another operating system of the same release',
    source: OS_IMAGE_STREAM,
  },
  {
    resource: 'nodepools',
    place: field('spec.platform.kubevirt.rootVolume.diskImage.containerDiskImage'),
    holds: 'component',
    does: 'is the disk that the nodes boot from',
    source: HYPERSHIFT_KUBEVIRT,
  },
  {
    resource: 'machineconfigs',
    place: field('spec.osImageURL'),
    holds: 'component',
    does: 'is the operating system of the nodes',
    source: MACHINE_CONFIG,
  },
  {
    resource: 'machineconfigs',
    place: field('spec.baseOSExtensionsContainerImage'),
    holds: 'component',
    does: 'is where the extensions of the operating system come from',
    source: MACHINE_CONFIG,
  },
  ...(['spec.renderedImagePushSpec', 'spec.buildInputs.renderedImagePushspec'] as const).map((path): SideDoor => ({
    resource: 'machineosconfigs',
    place: field(path),
    holds: 'setting',
    does: 'has the nodes run an operating system that the cluster builds itself',
    source: MACHINE_OS_CONFIG,
  })),
  ...(['spec.containerFile', 'spec.buildInputs.containerFile'] as const).map((path): SideDoor => ({
    resource: 'machineosconfigs',
    place: field(path),
    holds: 'setting',
    does: 'is built into the operating system of the nodes',
    source: MACHINE_OS_CONFIG,
  })),
  ...(['baseOSImagePullspec', 'baseOSExtensionsImagePullspec'] as const).map((member): SideDoor => ({
    resource: 'machineosconfigs',
    place: field(`spec.buildInputs.${member}`),
    holds: 'component',
    does: 'is what the operating system of the nodes is built from',
    source: MACHINE_OS_CONFIG,
  })),
];

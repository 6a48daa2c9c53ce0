import { ALSO_GOOD, CANONICAL, COMPONENT, FOREIGN, GOOD, type make, UNSIGNED } from './cluster-objects.ts';

/** A change that an API server is asked for, and what has to come of it. */
export interface AdmissionScenario {
  readonly name: string;
  readonly resource: keyof typeof make | 'clusterversions';
  /** Of a new object its spec, with annotations; of one that is there, a merge patch of it. */
  readonly create?: Parameters<(typeof make)['clusterimagesets']>[1];
  readonly patch?: object;
  readonly isAllowed: boolean;
  /** Where a policy in CEL answers otherwise: it looks at no signature. */
  readonly isAllowedByPolicy?: boolean;
  /** False where the change leaves alone whatever is judged: no webhook is called for it. */
  readonly isReviewed?: false;
  /** In the denial, or in the warnings, of the webhook. */
  readonly says?: string;
}

const PREFIX = 'hypershift.openshift.io';
const update = (desiredUpdate: object): object => ({ spec: { desiredUpdate } });
const override = (kind: string, name: string, namespace = ''): object => ({
  spec: { overrides: [{ group: 'config.openshift.io', kind, name, namespace, unmanaged: true }] },
});
const onHosted = (name: string, value: string): Pick<AdmissionScenario, 'resource' | 'create'> => ({
  resource: 'hostedclusters',
  create: { annotations: { [`${PREFIX}/${name}`]: value } },
});

const images: readonly AdmissionScenario[] = [
  { name: 'a signed release', resource: 'clusterimagesets', create: { releaseImage: GOOD }, isAllowed: true },
  {
    name: 'another repository',
    resource: 'clusterimagesets',
    create: { releaseImage: FOREIGN },
    isAllowed: false,
    says: 'use the profile of its publisher',
  },
  {
    name: 'a tag',
    resource: 'clusterimagesets',
    create: { releaseImage: `${CANONICAL}:4.99.1` },
    isAllowed: false,
    says: 'digest',
  },
  {
    name: 'what nobody signed',
    resource: 'clusterimagesets',
    create: { releaseImage: UNSIGNED },
    isAllowed: false,
    isAllowedByPolicy: true,
    says: 'SignatureNotFound',
  },
  {
    name: 'capitals in the host',
    resource: 'clusterimagesets',
    create: { releaseImage: GOOD.replace('quay.io', 'QUAY.IO') },
    isAllowed: false,
    says: `write ${GOOD}`,
  },
  {
    name: 'the default port',
    resource: 'clusterimagesets',
    create: { releaseImage: GOOD.replace('quay.io', 'quay.io:443') },
    isAllowed: false,
    says: `write ${GOOD}`,
  },
  {
    name: 'a deployment by a signed release',
    resource: 'clusterdeployments',
    create: { provisioning: { releaseImage: GOOD, installConfigSecretRef: { name: 'x' } } },
    isAllowed: true,
  },
  {
    name: 'a deployment by another repository',
    resource: 'clusterdeployments',
    create: { provisioning: { releaseImage: FOREIGN } },
    isAllowed: false,
    says: 'spec.provisioning.releaseImage',
  },
  { name: 'a hosted cluster', resource: 'hostedclusters', create: {}, isAllowed: true },
  {
    name: 'another release of the control plane',
    resource: 'hostedclusters',
    create: { controlPlaneRelease: { image: FOREIGN } },
    isAllowed: false,
    says: 'spec.controlPlaneRelease.image',
  },
  {
    name: 'a hosted cluster that goes elsewhere',
    resource: 'hostedclusters',
    patch: { spec: { release: { image: FOREIGN } } },
    isAllowed: false,
    says: 'spec.release.image',
  },
  {
    name: 'a label of a hosted cluster',
    resource: 'hostedclusters',
    patch: { metadata: { labels: { a: 'b' } } },
    isAllowed: true,
    isReviewed: false,
  },
  {
    name: 'a node pool that is updated',
    resource: 'nodepools',
    patch: { spec: { release: { image: ALSO_GOOD } } },
    isAllowed: true,
  },
  {
    name: 'a node pool that goes elsewhere',
    resource: 'nodepools',
    patch: { spec: { release: { image: FOREIGN } } },
    isAllowed: false,
    says: 'spec.release.image',
  },
];

const doors: readonly AdmissionScenario[] = [
  {
    name: 'another installer',
    resource: 'clusterdeployments',
    create: { provisioning: { releaseImage: GOOD, installerImageOverride: COMPONENT } },
    isAllowed: false,
    says: `spec.provisioning.installerImageOverride: "${COMPONENT}"`,
  },
  {
    name: 'another installer, by tag',
    resource: 'clusterdeployments',
    patch: { spec: { provisioning: { installerImageOverride: 'evil.example/installer:latest' } } },
    isAllowed: false,
    says: 'evil.example/installer:latest',
  },
  {
    name: 'another release by the installer’s environment',
    resource: 'clusterdeployments',
    create: { provisioning: { installerEnv: [{ name: 'OPENSHIFT_INSTALL_RELEASE_IMAGE_OVERRIDE', value: FOREIGN }] } },
    isAllowed: false,
    says: 'spec.provisioning.installerEnv[0].value',
  },
  {
    name: 'another release by a Secret',
    resource: 'clusterdeployments',
    create: {
      provisioning: {
        installerEnv: [
          {
            name: 'OPENSHIFT_INSTALL_RELEASE_IMAGE_OVERRIDE',
            valueFrom: { secretKeyRef: { name: 'x', key: 'y' } },
          },
        ],
      },
    },
    isAllowed: false,
    says: 'spec.provisioning.installerEnv[0].valueFrom',
  },
  {
    name: 'another variable of the installer',
    resource: 'clusterdeployments',
    create: { provisioning: { installerEnv: [{ name: 'TF_LOG', value: 'x' }] } },
    isAllowed: true,
  },
  {
    name: 'an installation without a verifier',
    resource: 'clusterdeployments',
    create: { annotations: { 'hive.openshift.io/minimal-install-mode': 'true' } },
    isAllowed: false,
    says: 'minimal-install-mode',
  },
  {
    name: 'a patch of the machines of nodes',
    ...onHosted('kubevirt-vm-jsonpatch', '[{"op":"replace","path":"/spec/dataVolumeTemplates/0/spec/source"}]'),
    isAllowed: false,
    says: 'what they boot',
  },
  {
    name: 'images in place of the release’s',
    ...onHosted('image-overrides', `cluster-version-operator=${COMPONENT}`),
    isAllowed: false,
    says: COMPONENT,
  },
  {
    name: 'another control plane operator',
    ...onHosted('control-plane-operator-image', COMPONENT),
    isAllowed: false,
    says: 'control-plane-operator-image',
  },
  {
    name: 'another Cluster API manager',
    ...onHosted('capi-manager-image', COMPONENT),
    isAllowed: false,
    says: 'capi-manager-image',
  },
  {
    name: 'a forced release',
    ...onHosted('force-upgrade-to', FOREIGN),
    isAllowed: false,
    says: 'RepositoryNotCanonical',
  },
  { name: 'a forced release that is signed', ...onHosted('force-upgrade-to', GOOD), isAllowed: true },
  {
    name: 'no check of the release',
    ...onHosted('skip-release-image-validation', 'true'),
    isAllowed: false,
    says: 'skip-release-image-validation',
  },
  {
    name: 'an annotation that says nothing of images',
    ...onHosted('cleanup-cloud-resources', 'true'),
    isAllowed: true,
  },
  {
    name: 'an image on a node pool that is there',
    resource: 'nodepools',
    patch: { metadata: { annotations: { [`${PREFIX}/haproxy-image`]: COMPONENT } } },
    isAllowed: false,
    says: 'haproxy-image',
  },
  {
    name: 'another operating system',
    resource: 'machineconfigs',
    create: { osImageURL: COMPONENT },
    isAllowed: false,
    says: `spec.osImageURL: "${COMPONENT}"`,
  },
  {
    name: 'other extensions, later',
    resource: 'machineconfigs',
    patch: { spec: { baseOSExtensionsContainerImage: COMPONENT } },
    isAllowed: false,
    says: 'spec.baseOSExtensionsContainerImage',
  },
  {
    name: 'fields of an operating system that are empty',
    resource: 'machineconfigs',
    create: { osImageURL: '', baseOSExtensionsContainerImage: '', kernelArguments: ['a'] },
    isAllowed: true,
  },
  {
    name: 'an empty installer',
    resource: 'clusterdeployments',
    create: { provisioning: { releaseImage: GOOD, installerImageOverride: '', installConfigSecretRef: { name: 'x' } } },
    isAllowed: true,
  },
  {
    name: 'an operating system that is taken back',
    resource: 'machineconfigs',
    patch: { spec: { osImageURL: '' } },
    isAllowed: true,
  },
  {
    name: 'a kernel argument',
    resource: 'machineconfigs',
    create: { kernelArguments: ['a'] },
    isAllowed: true,
    isReviewed: false,
  },
];

const versions: readonly AdmissionScenario[] = (
  [
    { name: 'an update by image', patch: update({ image: GOOD }), isAllowed: true },
    {
      name: 'an update to another repository',
      patch: update({ image: FOREIGN }),
      isAllowed: false,
      says: `spec.desiredUpdate.image: "${FOREIGN}"`,
    },
    {
      name: 'the same, forced',
      patch: update({ image: FOREIGN, force: true }),
      isAllowed: true,
      says: 'admitted because the update is forced',
    },
    { name: 'an available version', patch: update({ version: '4.99.1' }), isAllowed: true },
    {
      name: 'an available version that nobody signed',
      patch: update({ version: '4.99.2' }),
      isAllowed: false,
      isAllowedByPolicy: true,
      says: 'spec.desiredUpdate.version',
    },
    { name: 'an available version elsewhere', patch: update({ version: '4.99.3' }), isAllowed: false, says: FOREIGN },
    { name: 'a version with a risk', patch: update({ version: '4.99.8' }), isAllowed: true },
    { name: 'the version before', patch: update({ version: '4.98.7' }), isAllowed: true },
    { name: 'a version that is not offered', patch: update({ version: '4.99.9' }), isAllowed: false, says: '4.99.9' },
    {
      name: 'all architectures',
      patch: update({ architecture: 'Multi', version: '4.99.0' }),
      isAllowed: true,
      says: 'status.desired afterwards',
    },
    {
      name: 'all architectures of another version',
      patch: update({ architecture: 'Multi', version: '4.99.1' }),
      isAllowed: false,
      says: 'for Multi',
    },
    { name: 'another channel', patch: { spec: { channel: 'stable-4.99' } }, isAllowed: true, isReviewed: false },
    {
      name: 'the policy of the release, unmanaged',
      patch: override('ClusterImagePolicy', 'openshift'),
      isAllowed: false,
      says: 'ClusterImagePolicy openshift must stay managed',
    },
    {
      name: 'the operator of releases, unmanaged',
      patch: override('Deployment', 'cluster-version-operator', 'openshift-cluster-version'),
      isAllowed: false,
      says: 'must stay managed',
    },
    {
      name: 'something else, unmanaged',
      patch: override('Deployment', 'console', 'openshift-console'),
      isAllowed: true,
      says: 'is not managed any more',
    },
  ] as const
).map((row) => ({ resource: 'clusterversions', ...row }));

export const ADMISSION_SCENARIOS: readonly AdmissionScenario[] = [...images, ...doors, ...versions];

import { digestOf } from '../fleet/sample-clusters.ts';

export const SHOP = 'registry.example.com/shop';

export interface SamplePod {
  /** By container: as the pod names it, and what runs by that. */
  readonly images: readonly (readonly [image: string, imageId?: string])[];
  readonly init?: string;
  readonly ephemeral?: string;
  readonly volume?: string;
}

/** A pod as the API exports it. */
export function pod(namespace: string, name: string, { images, init, ephemeral, volume }: SamplePod): object {
  const one = (kind: string, image: string | undefined) => (image === undefined ? [] : [{ name: kind, image }]);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: '1', managedFields: [] },
    spec: {
      initContainers: one('init', init),
      containers: images.map(([image], at) => ({ name: `c${at}`, image })),
      ephemeralContainers: one('debug', ephemeral),
      volumes: volume === undefined ? [] : [{ name: 'data', image: { reference: volume, pullPolicy: 'Always' } }],
    },
    status: {
      containerStatuses: images.flatMap(([image, imageID], at) =>
        imageID === undefined ? [] : [{ name: `c${at}`, image, imageID }],
      ),
      phase: 'Running',
    },
  };
}

export function pinnedImageSet(...images: readonly string[]): object {
  return {
    apiVersion: 'machineconfiguration.openshift.io/v1',
    kind: 'PinnedImageSet',
    metadata: { name: 'pinned' },
    spec: { pinnedImages: images.map((name) => ({ name })) },
  };
}

/** @param kind of the policy's identity, such as `matchRepository` */
export function imagePolicy(
  keyData: string,
  scopes: readonly string[],
  { name = 'tried', namespace, signedIdentity }: ImagePolicyPlan = {},
): object {
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: namespace === undefined ? 'ClusterImagePolicy' : 'ImagePolicy',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), resourceVersion: '1' },
    spec: {
      scopes,
      policy: {
        rootOfTrust: { policyType: 'PublicKey', publicKey: { keyData } },
        ...(signedIdentity === undefined ? {} : { signedIdentity }),
      },
    },
    status: { conditions: [] },
  };
}

export interface ImagePolicyPlan {
  readonly name?: string;
  readonly namespace?: string;
  readonly signedIdentity?: object;
}

/** What a small site runs. */
export const SITE: readonly object[] = [
  pod('shop', 'web-1', {
    images: [[`${SHOP}/web:1.2`, `${SHOP}/web@${digestOf('a')}`]],
    init: `${SHOP}/init@${digestOf('b')}`,
    ephemeral: `${SHOP}/debug:1`,
    volume: `${SHOP}/data:3`,
  }),
  pod('shop', 'web-2', { images: [[`${SHOP}/web:1.2`, `${SHOP}/web@${digestOf('a')}`]] }),
  pod('bank', 'teller', { images: [[`${SHOP}/web:1.2`], ['quay.io/bank/teller:7']] }),
  pod('bank', 'cache', { images: [['redis:7', `docker.io/library/redis@${digestOf('c')}`]] }),
  pinnedImageSet(`quay.io/openshift-release-dev/ocp-v4.0-art-dev@${digestOf('d')}`),
];

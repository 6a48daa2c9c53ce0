import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const OCP = 'quay.io/openshift-release-dev/ocp-release';
export const MIRROR = 'mirror.example/openshift/release-images';
export const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;

export interface SampleCluster {
  readonly desired?: string;
  readonly desiredUpdate?: Readonly<Record<string, unknown>>;
  readonly available?: readonly string[];
  readonly history?: readonly Readonly<Record<string, unknown>>[];
  readonly signatureStores?: unknown;
}

export function clusterVersion({ desired, desiredUpdate, available, history, signatureStores }: SampleCluster): object {
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterVersion',
    metadata: { name: 'version' },
    spec: {
      clusterID: '00000000-0000-0000-0000-000000000000',
      channel: 'stable-4.16',
      ...(desiredUpdate === undefined ? {} : { desiredUpdate }),
      ...(signatureStores === undefined ? {} : { signatureStores }),
    },
    status: {
      ...(desired === undefined ? {} : { desired: { image: desired, version: '4.16.1' } }),
      availableUpdates: available?.map((image) => ({ image, version: '4.16.2' })) ?? null,
      history: history ?? [],
    },
  };
}

export function mirrorSet(source = OCP, mirror = MIRROR): object {
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ImageDigestMirrorSet',
    metadata: { name: 'release' },
    spec: { imageDigestMirrors: [{ source, mirrors: [mirror] }] },
  };
}

export function tagMirrorSet(): object {
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ImageTagMirrorSet',
    metadata: { name: 'tags' },
    spec: { imageTagMirrors: [{ source: OCP, mirrors: [MIRROR] }] },
  };
}

export function contentSourcePolicy(): object {
  return {
    apiVersion: 'operator.openshift.io/v1alpha1',
    kind: 'ImageContentSourcePolicy',
    metadata: { name: 'old' },
    spec: { repositoryDigestMirrors: [{ source: OCP, mirrors: [MIRROR] }] },
  };
}

export function hiveConfig(reference?: object): object {
  return {
    apiVersion: 'hive.openshift.io/v1',
    kind: 'HiveConfig',
    metadata: { name: 'hive' },
    spec: reference === undefined ? {} : { releaseImageVerificationConfigMapRef: reference },
  };
}

export const list = (...items: readonly object[]): object => ({ apiVersion: 'v1', kind: 'List', items });

/** Writes objects as JSON, which is YAML too; text as it is. */
export async function writeFiles(root: string, files: Readonly<Record<string, object | string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
}

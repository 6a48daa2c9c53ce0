import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';

export const RELEASE = 'release-manifests';
export const PINNED = `quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:${'a'.repeat(64)}`;
export const OTHER = `quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:${'b'.repeat(64)}`;

export type Packing = 'gzip' | 'zstd' | 'none';

/** A layer before it is packed, or with its bytes as they are to lie. */
export interface LayerSetup {
  readonly entries?: readonly TarEntry[];
  readonly tar?: Uint8Array;
  readonly packing?: Packing;
  /** Of the packed bytes, before their digest is made. */
  readonly mangle?: (packed: Buffer) => Buffer;
  readonly mediaType?: string;
  readonly diffId?: string;
  /** What the manifest says, for what is so. */
  readonly size?: number;
}

export interface BuiltImage {
  readonly manifest: Buffer;
  readonly mediaType: string;
  readonly blobs: readonly Buffer[];
}

export const file = (name: string, body: string | Uint8Array): TarEntry => ({
  header: { name, size: Buffer.byteLength(body), type: 'file', mtime: new Date(0) },
  body,
});

export const other = (name: string, type: 'directory' | 'symlink' | 'link' | 'fifo', linkname = ''): TarEntry => ({
  header: { name, size: 0, type, linkname, mtime: new Date(0) },
});

export function referencesOf(tags: Readonly<Record<string, string>>, more: object = {}): string {
  return JSON.stringify({
    kind: 'ImageStream',
    apiVersion: 'image.openshift.io/v1',
    metadata: { name: '4.21.0' },
    spec: { tags: Object.entries(tags).map(([name, from]) => ({ name, from: { kind: 'DockerImage', name: from } })) },
    ...more,
  });
}

export const metadataOf = (version: string): string => JSON.stringify({ kind: 'cincinnati-metadata-v0', version });

/** The layer that `oc adm release new` puts on top. */
export const releaseLayer = (references = referencesOf({ cli: PINNED, etcd: OTHER })): LayerSetup => ({
  entries: [
    other(`${RELEASE}/`, 'directory'),
    file(`${RELEASE}/0000_50_x.yaml`, 'kind: List\n'),
    file(`${RELEASE}/image-references`, references),
    file(`${RELEASE}/release-metadata`, metadataOf('4.21.0')),
  ],
});

export const BASE_LAYER: LayerSetup = {
  entries: [
    other('usr/', 'directory'),
    other('bin', 'symlink', 'usr/bin'),
    file('usr/bin/cluster-version-operator', 'x'),
  ],
};

const PACK: Readonly<Record<Packing, (tar: Uint8Array) => Buffer>> = {
  gzip: (tar) => gzipSync(tar),
  zstd: (tar) => zstdCompressSync(tar),
  none: (tar) => Buffer.from(tar),
};

export interface ImageSetup {
  readonly layers: readonly LayerSetup[];
  readonly architecture?: string;
  readonly docker?: boolean;
  /** Members of the configuration and the manifest that replace what would be right. */
  readonly config?: object;
  readonly manifest?: object;
}

/** An image with its blobs, the configuration first. */
export async function buildImage({
  layers,
  architecture = 'amd64',
  docker = false,
  ...replaced
}: ImageSetup): Promise<BuiltImage> {
  const built = await Promise.all(layers.map(buildLayer));
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: built.map(({ diffId }) => diffId) },
      ...replaced.config,
    }),
  );
  const mediaType = docker ? DOCKER_MANIFEST : OCI_MANIFEST;
  const configType = docker
    ? 'application/vnd.docker.container.image.v1+json'
    : 'application/vnd.oci.image.config.v1+json';
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: configType, size: config.length, digest: toDigest(config) },
    layers: built.map(({ descriptor }) => descriptor),
    ...replaced.manifest,
  };
  return {
    manifest: Buffer.from(JSON.stringify(manifest)),
    mediaType,
    blobs: [config, ...built.map(({ bytes }) => bytes)],
  };
}

async function buildLayer({ entries = [], tar, packing = 'gzip', mangle = (packed) => packed, ...said }: LayerSetup) {
  const unpacked = tar ?? (await packTar(entries));
  const bytes = mangle(PACK[packing](unpacked));
  const suffix = packing === 'none' ? '' : `+${packing}`;
  const descriptor = {
    mediaType: said.mediaType ?? `application/vnd.oci.image.layer.v1.tar${suffix}`,
    size: said.size ?? bytes.length,
    digest: toDigest(bytes),
  };
  return { bytes, descriptor, diffId: said.diffId ?? toDigest(unpacked) };
}

export function buildList(
  images: readonly (BuiltImage & { readonly architecture?: string })[],
  more: object = {},
): BuiltImage {
  const manifests = images.map(({ manifest, mediaType, architecture = 'amd64' }) => ({
    mediaType,
    size: manifest.length,
    digest: toDigest(manifest),
    platform: { architecture, os: architecture === 'unknown' ? 'unknown' : 'linux' },
  }));
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests, ...more }));
  return { manifest, mediaType: OCI_INDEX, blobs: [] };
}

/** Directories of one test file, removed together. */
export function createLayouts() {
  const made: string[] = [];
  return {
    /** An OCI layout with the first image as its own; `falsified` bytes lie in the place of others. */
    async write(images: readonly BuiltImage[], falsified: ReadonlyMap<string, Buffer> = new Map()): Promise<string> {
      const directory = await mkdtemp(path.join(tmpdir(), 'signet-release-'));
      made.push(directory);
      await mkdir(path.join(directory, 'blobs/sha256'), { recursive: true });
      for (const bytes of images.flatMap(({ manifest, blobs }) => [manifest, ...blobs])) {
        const hex = toDigest(bytes).slice('sha256:'.length);
        await writeFile(path.join(directory, 'blobs/sha256', hex), falsified.get(toDigest(bytes)) ?? bytes);
      }
      const [first] = images;
      if (first === undefined) throw new Error('no image');
      const manifests = [{ mediaType: first.mediaType, size: first.manifest.length, digest: toDigest(first.manifest) }];
      await writeFile(path.join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
      await writeFile(path.join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
      return directory;
    },
    /** As `skopeo copy … dir:` leaves it. */
    async writeDirectory(images: readonly BuiltImage[]): Promise<string> {
      const directory = await mkdtemp(path.join(tmpdir(), 'signet-release-'));
      made.push(directory);
      for (const [index, { manifest, blobs }] of images.entries()) {
        const name = index === 0 ? 'manifest.json' : `${toDigest(manifest).slice(7)}.manifest.json`;
        await writeFile(path.join(directory, name), manifest);
        for (const blob of blobs) await writeFile(path.join(directory, toDigest(blob).slice(7)), blob);
      }
      await writeFile(path.join(directory, 'version'), 'Directory Transport Version: 1.1\n');
      return directory;
    },
    async remove() {
      await Promise.all(made.splice(0).map((directory) => rm(directory, { recursive: true })));
    },
  };
}

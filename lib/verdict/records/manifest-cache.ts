import { hash } from 'node:crypto';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, toKeySegment } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { detectManifestType } from '../../registry/client/registry-answers.ts';
import { MAX_MANIFEST_BYTES, type Manifest, type ManifestSource } from '../../registry/client/registry-client.ts';

/**
 * Manifests by digest, kept in the object store so that a registry is contacted once for each. What is kept is not
 * trusted: its digest is recalculated each time, and anything else than the manifest is read anew.
 */
export function createManifestCache(objects: ObjectStore, upstream: ManifestSource): ManifestSource {
  return {
    async readManifest(repository, digest, signal) {
      const kept = await readKept(objects, digest);
      if (kept !== undefined) return kept;
      const manifest = await upstream.readManifest(repository, digest, signal);
      await keep(objects, manifest);
      return manifest;
    },
  };
}

function toKey(digest: Digest): string {
  return `manifests/${toKeySegment(digest)}`;
}

async function readKept(objects: ObjectStore, digest: Digest | string): Promise<Manifest | undefined> {
  const algorithm = digest.slice(0, digest.indexOf(':'));
  const stored = await unlessFailed(objects.readObject(toKey(digest as Digest), MAX_MANIFEST_BYTES));
  if (stored === undefined || `${algorithm}:${hash(algorithm, stored.bytes)}` !== digest) return undefined;
  const mediaType = toMediaType(stored.bytes);
  return mediaType === undefined ? undefined : { bytes: stored.bytes, mediaType, digest: digest as Digest };
}

/** Only a manifest whose type its own content says can be read back without the registry's header. */
async function keep(objects: ObjectStore, { bytes, mediaType, digest }: Manifest): Promise<void> {
  if (toMediaType(bytes) !== mediaType) return;
  await unlessFailed(objects.createObject(toKey(digest), bytes));
}

function toMediaType(bytes: Uint8Array): Manifest['mediaType'] | undefined {
  try {
    return detectManifestType(bytes);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

/** The cache saves a request, and decides nothing: a store that fails is passed over. */
async function unlessFailed<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

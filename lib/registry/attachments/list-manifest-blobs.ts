import { isJsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { Manifest } from '../client/registry-client.ts';
import { MAX_ATTACHED_SIGNATURES, parseAttachedManifest } from './read-signature-layers.ts';

/**
 * The blobs that a manifest of signatures names, each once: without them no registry takes it.
 *
 * @throws StoreError `BodyInvalid`; `LimitExceeded` for more than {@link MAX_ATTACHED_SIGNATURES} layers
 */
export function listManifestBlobs({ bytes, digest }: Pick<Manifest, 'bytes' | 'digest'>): readonly Digest[] {
  const { config, layers } = parseAttachedManifest({ bytes });
  if (!Array.isArray(layers)) throw new StoreError('BodyInvalid', `${digest} has no layers`);
  if (layers.length > MAX_ATTACHED_SIGNATURES) {
    throw new StoreError('LimitExceeded', `${digest} has more than ${MAX_ATTACHED_SIGNATURES} layers`);
  }
  return [...new Set([config, ...layers].map((part) => readDigest(part, digest)))];
}

function readDigest(descriptor: JsonValue | undefined, manifest: Digest): Digest {
  const digest = descriptor !== undefined && isJsonObject(descriptor) ? descriptor['digest'] : undefined;
  if (typeof digest === 'string' && isDigest(digest)) return digest;
  throw new StoreError('BodyInvalid', `${manifest} names a blob without a digest`);
}

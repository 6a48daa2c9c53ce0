import { StoreError } from '../base/errors/store-error.ts';
import { toStoreSegment } from '../base/names/digest.ts';
import type { ObjectStore } from '../platform/objects/port/object-store.ts';
import { createFailingStore } from './port/composites.ts';
import {
  MAX_LOOKASIDE_SIGNATURES,
  MAX_RELEASE_SIGNATURES,
  MAX_SIGNATURE_BYTES,
  type SignatureStore,
} from './port/signature-store.ts';
import { type NumberedSignatures, walkSignatures } from './port/walk-signatures.ts';

/**
 * `<prefix>/<algo>=<hex>/signature-<n>` in a bucket or a data folder: the layout of Signet's mirror. The default prefix is
 * `signatures`.
 */
export function createObjectReleaseStore(objects: ObjectStore, options: ObjectSignaturesOptions = {}): SignatureStore {
  const { description, toWalk } = openObjectSignatures(objects, { prefix: 'signatures', ...options });
  return {
    description,
    fetchSignatures({ digest }, signal) {
      const walk = toWalk(toStoreSegment(digest));
      return walkSignatures({ ...walk, last: MAX_RELEASE_SIGNATURES, overflow: 'end' }, signal);
    },
  };
}

/**
 * `<prefix>/<host>/<repository>@<algo>=<hex>/signature-<n>` in a bucket or a data folder: the layout of the lookasides in
 * Signet's mirror. The default prefix is `lookaside`. Images of many registries share it, so the host is part of the key.
 */
export function createObjectLookasideStore(
  objects: ObjectStore,
  options: ObjectSignaturesOptions = {},
): SignatureStore {
  const { description, toWalk } = openObjectSignatures(objects, { prefix: 'lookaside', ...options });
  return {
    description,
    fetchSignatures(query, signal) {
      const { digest, repository } = query;
      if (repository === undefined) {
        const error = new StoreError('NotAllowed', 'a lookaside is laid out by repository, and the query names none');
        return createFailingStore(description, error).fetchSignatures(query, signal);
      }
      const walk = toWalk(`${repository}@${toStoreSegment(digest)}`);
      return walkSignatures({ ...walk, last: MAX_LOOKASIDE_SIGNATURES, overflow: 'failed' }, signal);
    },
  };
}

interface ObjectSignaturesOptions {
  /** Key prefix without a final slash, or empty. Default: the layout's own. */
  readonly prefix?: string | undefined;
  /** How the evidence names the store. Default: the object store's description with the prefix. */
  readonly description?: string | undefined;
  readonly storeTimeoutMs?: number | undefined;
}

/** Numbered signatures as objects, in any layout: `<prefix>/<segment>/signature-<n>`. */
interface ObjectSignatures {
  readonly description: string;
  readonly toWalk: (segment: string) => Omit<NumberedSignatures, 'last' | 'overflow'>;
}

function openObjectSignatures(
  objects: ObjectStore,
  { prefix = '', description: given, storeTimeoutMs }: ObjectSignaturesOptions,
): ObjectSignatures {
  const root = prefix === '' ? '' : `${prefix}/`;
  const description = given ?? (prefix === '' ? objects.description : `${objects.description}/${prefix}`);
  return {
    description,
    toWalk: (segment) => ({
      store: description,
      timeoutMs: storeTimeoutMs,
      toLocation: (index) => `${description}/${segment}/signature-${index}`,
      readSignature: (index) => readSignature(objects, `${root}${segment}/signature-${index}`),
    }),
  };
}

async function readSignature(objects: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  const object = await objects.readObject(key, MAX_SIGNATURE_BYTES);
  if (object !== undefined && object.bytes.length > MAX_SIGNATURE_BYTES) {
    throw new StoreError('LimitExceeded', `${key} is longer than ${MAX_SIGNATURE_BYTES} bytes`);
  }
  return object?.bytes;
}

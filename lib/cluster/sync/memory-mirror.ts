import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest, toStoreSegment } from '../../base/names/digest.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { createConfigMapStore, type SignatureConfigMap } from '../../stores/config-map-store.ts';
import { MAX_RELEASE_SIGNATURES, type SignatureStore } from '../../stores/port/signature-store.ts';
import type { SignatureObjects } from '../render/list-held.ts';

/** Digests that are read at the same time. */
const CONCURRENCY = 16;

/**
 * The signatures that a store has of some digests, held as a mirror holds them, so that one reader verifies both. Nothing
 * of it is trusted. A failure of the store fails the whole: what is left out would be removed from the cluster.
 *
 * @throws StoreError; the signal's reason
 */
export async function holdSignatures(
  store: SignatureStore,
  digests: readonly Digest[],
  signal: AbortSignal,
): Promise<SignatureObjects> {
  const held: Held = new Map();
  await hold(held, store, digests, signal);
  return toObjects(store.description, held);
}

/** The same of ConfigMaps: every digest that a key of theirs names. */
export async function holdConfigMaps(
  configMaps: readonly SignatureConfigMap[],
  description: string,
  signal: AbortSignal,
): Promise<SignatureObjects> {
  const held: Held = new Map();
  for (const configMap of configMaps) {
    const named = Object.keys(configMap.binaryData).map(toDigestText).filter(isDigest);
    await hold(held, createConfigMapStore([configMap], { description }), named, signal);
  }
  return toObjects(description, held);
}

/** The signatures of each digest, in the order in which they were read. */
type Held = Map<Digest, Uint8Array[]>;

async function hold(held: Held, store: SignatureStore, digests: readonly Digest[], signal: AbortSignal): Promise<void> {
  await runBounded([...new Set(digests)], CONCURRENCY, async (digest) => {
    for await (const entry of store.fetchSignatures({ digest }, signal)) {
      if (entry.kind === 'failed') throw entry.error;
      if (entry.kind === 'absent') continue;
      const known = held.get(digest) ?? [];
      if (known.length === MAX_RELEASE_SIGNATURES) {
        const reason = `${digest} has more than ${MAX_RELEASE_SIGNATURES} signatures, which is all that clusters read`;
        throw new StoreError('LimitExceeded', `${store.description}: ${reason}`);
      }
      held.set(digest, [...known, entry.untrustedBytes]);
    }
  });
}

/** `<algo>-<hex>`, with or without `-` and more behind it. */
function toDigestText(key: string): string {
  return key.split('-').slice(0, 2).join(':');
}

function toObjects(description: string, held: Held): SignatureObjects {
  const objects = new Map<string, Uint8Array>(
    [...held].flatMap(([digest, signatures]) =>
      signatures.map((bytes, at) => [`signatures/${toStoreSegment(digest)}/signature-${at + 1}`, bytes] as const),
    ),
  );
  return {
    description,
    async readObject(key) {
      const bytes = await Promise.resolve(objects.get(key));
      return bytes === undefined ? undefined : { bytes, etag: '' };
    },
    async *listObjects(prefix) {
      await Promise.resolve();
      for (const [key, { length: size }] of objects) if (key.startsWith(prefix)) yield { key, size };
    },
  };
}

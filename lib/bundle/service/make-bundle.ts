import { hash } from 'node:crypto';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { LeftOutSignature } from '../../cluster/render/list-held.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { MAX_PREPARED_BYTES, type TrustDocument, trustSourceKey } from '../../trust/prepared/trust-document.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { createBundle } from '../create/create-bundle.ts';
import type { BundleSink } from '../format/archive.ts';
import type { BundleProfile } from '../format/bundle-trust.ts';
import { bundleArchiveKey, ExportError } from './bundle-state.ts';
import { MAX_EXPORT_BYTES, readEarlierBundles } from './kept-bundles.ts';

export interface MakeBundleRequest {
  readonly id: string;
  readonly since: string | undefined;
  readonly trust: ReadyTrust;
  readonly objects: ObjectStore;
  readonly now: Date;
  readonly signal: AbortSignal;
  /** Told of what the mirror holds and the profile does not verify. */
  readonly onLeftOut: (leftOut: readonly LeftOutSignature[]) => void;
}

/**
 * The archive of a bundle: the one that is there, or else a new one, which is then there. Of two who make it at once,
 * the first to write it wins, and both are given what was written.
 *
 * @throws ExportError, InputError when nothing verifies, ConfigurationError, StoreError; the abort reason of the signal
 */
export async function makeBundle(
  request: MakeBundleRequest,
  limitBytes: number = MAX_EXPORT_BYTES,
): Promise<Uint8Array> {
  const { id, since, trust, objects, now, signal, onLeftOut } = request;
  const key = bundleArchiveKey(id);
  const held = await objects.readObject(key, limitBytes);
  if (held !== undefined) return held.bytes;
  const profile = await readBundleProfile(objects, trust);
  const earlier = await readEarlierBundles(objects, since, trust.prepared.profile, signal);
  const sink = createMemorySink(key, limitBytes);
  const { leftOut } = await createBundle({
    objects,
    profiles: [profile],
    earlier,
    sink,
    now,
    signal,
  });
  onLeftOut(leftOut);
  const bytes = sink.take();
  if (await objects.createObject(key, bytes)) return bytes;
  const other = await objects.readObject(key, limitBytes);
  if (other === undefined) throw new StoreError('ConditionFailed', `${key} was taken, and is gone`);
  return other.bytes;
}

/**
 * Published trust with the documents that it was compiled from, which a bundle carries.
 *
 * @throws ConfigurationError `RevisionInvalid` for a document that is not the one that was published; StoreError
 */
async function readBundleProfile(objects: ObjectStore, trust: ReadyTrust): Promise<BundleProfile> {
  const { profile, revision, documents: listed } = trust.prepared;
  const documents: TrustDocument[] = [];
  for (const { name, sha256 } of listed) {
    const key = trustSourceKey(profile, revision, name);
    const stored = await objects.readObject(key, MAX_PREPARED_BYTES);
    const found = stored === undefined ? undefined : hash('sha256', stored.bytes);
    if (stored === undefined || found !== sha256) {
      const fault = stored === undefined ? 'the document is not stored' : 'not the bytes that were published';
      throw new ConfigurationError('RevisionInvalid', fault, { position: { document: key } });
    }
    documents.push({ name, bytes: stored.bytes });
  }
  return { trust, documents };
}

interface MemorySink extends BundleSink {
  /** The bundle, once it is whole. */
  readonly take: () => Buffer;
}

/** Holds a bundle in memory, to be written with one request. `write` throws an ExportError beyond the limit. */
function createMemorySink(description: string, limitBytes: number): MemorySink {
  let chunks: Uint8Array[] = [];
  let total = 0;
  let isWhole = false;
  return {
    description,
    async write(bytes) {
      total += bytes.length;
      if (total > limitBytes) throw new ExportError('LimitExceeded', `the bundle has more than ${limitBytes} bytes`);
      chunks.push(Uint8Array.from(bytes));
    },
    async commit() {
      isWhole = true;
    },
    async abort() {
      chunks = [];
    },
    take() {
      if (!isWhole) throw new Error('the bundle is not whole');
      return Buffer.concat(chunks);
    },
  };
}

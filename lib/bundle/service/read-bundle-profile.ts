import { hash } from 'node:crypto';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { TrustDocument } from '../../trust/prepared/trust-document.ts';
import { MAX_PREPARED_BYTES, trustSourceKey } from '../../trust/prepared/trust-keys.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import type { BundleProfile } from '../format/bundle-trust.ts';

/**
 * Published trust with the documents that it was compiled from, which a bundle carries.
 *
 * @throws ConfigurationError `RevisionInvalid` for a document that is not the one that was published; StoreError
 */
export async function readBundleProfile(objects: ObjectStore, trust: ReadyTrust): Promise<BundleProfile> {
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

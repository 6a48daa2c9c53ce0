import { toStoreSegment } from '../base/names/digest.ts';
import type { HttpClient } from '../platform/http/http-client.ts';
import { createHttpSignatures, type HttpStoreOptions, toStoreDescription } from './http-signatures.ts';
import { MAX_RELEASE_SIGNATURES, type SignatureStore } from './port/signature-store.ts';
import { walkSignatures } from './port/walk-signatures.ts';

/** `<base>/<algo>=<hex>/signature-<n>`: what a cluster's `signatureStores` and trust ConfigMap point at. */
export function createHttpReleaseStore(client: HttpClient, base: URL, options: HttpStoreOptions = {}): SignatureStore {
  return {
    description: toStoreDescription(base),
    fetchSignatures({ digest }, signal) {
      const signatures = createHttpSignatures(client, base, toStoreSegment(digest), options);
      return walkSignatures({ ...signatures, last: MAX_RELEASE_SIGNATURES, overflow: 'end' }, signal);
    },
  };
}

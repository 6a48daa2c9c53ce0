import { StoreError } from '../base/errors/store-error.ts';
import { toStoreSegment } from '../base/names/digest.ts';
import { repositoryPath } from '../base/names/repository.ts';
import type { HttpClient } from '../platform/http/http-client.ts';
import { createHttpSignatures, type HttpStoreOptions, toStoreDescription } from './http-signatures.ts';
import { createFailingStore } from './port/failing-store.ts';
import { MAX_LOOKASIDE_SIGNATURES, type SignatureStore } from './port/signature-store.ts';
import { walkSignatures } from './port/walk-signatures.ts';

/**
 * `<base>/<repository path>@<algo>=<hex>/signature-<n>`, the path without the registry's host, as containers/image
 * asks a lookaside. One whose signatures reach the limit is a failure, as there.
 */
export function createHttpLookasideStore(
  client: HttpClient,
  base: URL,
  options: HttpStoreOptions = {},
): SignatureStore {
  const description = toStoreDescription(base);
  return {
    description,
    fetchSignatures(query, signal) {
      const { digest, repository } = query;
      if (repository === undefined) {
        const error = new StoreError('NotAllowed', 'a lookaside is laid out by repository, and none was asked for');
        return createFailingStore(description, error).fetchSignatures(query, signal);
      }
      const segment = `${repositoryPath(repository)}@${toStoreSegment(digest)}`;
      const signatures = createHttpSignatures(client, base, segment, options);
      return walkSignatures({ ...signatures, last: MAX_LOOKASIDE_SIGNATURES, overflow: 'failed' }, signal);
    },
  };
}

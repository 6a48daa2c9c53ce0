import { StoreError } from '../errors/store-error.ts';
import type { HttpClient } from '../http/http-client.ts';
import { toStoreSegment } from '../pullspec/digest.ts';
import { repositoryPath } from '../pullspec/repository.ts';
import { createFailingStore } from './failing-store.ts';
import { createHttpSignatures, type HttpStoreOptions, toStoreDescription } from './http-signatures.ts';
import { MAX_LOOKASIDE_SIGNATURES, type SignatureStore } from './signature-store.ts';
import { walkSignatures } from './walk-signatures.ts';

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

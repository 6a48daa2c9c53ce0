import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { HttpClient } from '../../platform/http/http-client.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { readRegistriesD } from '../../trust/registries-d/read-registries-d.ts';
import type { RegistriesD } from '../../trust/registries-d/registries-d.ts';
import { createFailingStore } from '../port/failing-store.ts';
import type { SignatureQuery, SignatureStore } from '../port/signature-store.ts';
import { createRegistriesDStore } from '../registries-d-store.ts';

const DESCRIPTION = 'the lookasides of registries.d';

/**
 * The lookasides that a profile's registries.d documents name, asked by repository and digest: each image has its own.
 * Documents are read when first asked by: what an earlier version published unread must not keep releases from being
 * verified. Documents that do not load are a lookaside that failed.
 */
export function createProfileLookaside(
  { registriesD: documents, storeAccess }: Pick<PreparedTrust, 'registriesD' | 'storeAccess'>,
  client: HttpClient,
): SignatureStore {
  let registriesD: RegistriesD | undefined;
  const open = ({ digest, repository }: SignatureQuery): SignatureStore => {
    if (repository === undefined) {
      const error = new StoreError('NotAllowed', 'a lookaside is laid out by repository, and none was asked for');
      return createFailingStore(DESCRIPTION, error);
    }
    try {
      registriesD ??= readRegistriesD(documents);
      return createRegistriesDStore(registriesD, { repository, tag: undefined, digest }, storeAccess, client);
    } catch (error) {
      // What is configured, at least for this image, is no address: it could have held the signature.
      if (!(error instanceof ConfigurationError)) throw error;
      return createFailingStore(DESCRIPTION, new StoreError('NotAllowed', error.message));
    }
  };
  return { description: DESCRIPTION, fetchSignatures: (query, signal) => open(query).fetchSignatures(query, signal) };
}

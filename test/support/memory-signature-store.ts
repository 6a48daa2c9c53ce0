import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { Digest } from '../../lib/base/names/digest.ts';
import {
  MAX_RELEASE_SIGNATURES,
  MAX_SIGNATURE_BYTES,
  type SignatureStore,
} from '../../lib/stores/port/signature-store.ts';

export type SignatureContents = ReadonlyMap<Digest, readonly Uint8Array[]>;

export interface MemorySignatureStore extends SignatureStore {
  /** Locations that were asked for, in order. */
  readonly contacts: readonly string[];
}

interface MemoryStoreOptions {
  readonly description?: string | undefined;
  /** Instead of an answer, the store fails with this. */
  readonly failure?: StoreError | undefined;
}

/** Signatures held in memory, behind the contract of every other store. */
export function createMemorySignatureStore(
  contents: SignatureContents,
  { description = 'memory', failure }: MemoryStoreOptions = {},
): MemorySignatureStore {
  const contacts: string[] = [];
  return {
    description,
    contacts,
    async *fetchSignatures({ digest }, signal) {
      const signatures = contents.get(digest) ?? [];
      for (let index = 1; index <= Math.min(signatures.length + 1, MAX_RELEASE_SIGNATURES); index += 1) {
        signal.throwIfAborted();
        const location = `${description}/${digest}/${index}`;
        contacts.push(location);
        const untrustedBytes = signatures[index - 1];
        if (failure !== undefined) {
          yield { kind: 'failed', store: description, location, error: failure };
          return;
        }
        if (untrustedBytes === undefined) yield { kind: 'absent', store: description, location };
        else if (untrustedBytes.length > MAX_SIGNATURE_BYTES) {
          const error = new StoreError('LimitExceeded', `longer than ${MAX_SIGNATURE_BYTES} bytes`);
          yield { kind: 'failed', store: description, location, error };
        } else yield { kind: 'signature', store: description, location, untrustedBytes };
      }
    },
  };
}

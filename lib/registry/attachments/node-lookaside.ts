import { SignatureError } from '../../base/errors/signature-error.ts';
import { parseSignatureBlob } from '../../crypto/sigstore/signature-blob.ts';
import { NODES_REFUSE, type SignatureStore, type StoreEntry } from '../../stores/port/signature-store.ts';

/**
 * What nodes read of a lookaside (containers/image, `appendSignaturesFromLookaside`): every signature. One whose format they
 * cannot tell, and more than they read, make them refuse the image: then there is no signature for them, and the message
 * says so. Signatures by the signature extension have no format to tell.
 */
export function createNodeLookaside(store: SignatureStore): SignatureStore {
  const { description } = store;
  return {
    description,
    async *fetchSignatures(query, signal) {
      const entries: StoreEntry[] = [];
      for await (const entry of store.fetchSignatures(query, signal)) {
        const fault = findFault(entry);
        if (fault !== undefined) {
          const { location } = entry;
          yield { kind: 'absent', store: description, location, message: `${NODES_REFUSE}${location} ${fault}` };
          return;
        }
        entries.push(entry);
      }
      yield* entries;
    },
  };
}

function findFault(entry: StoreEntry): string | undefined {
  if (entry.kind === 'failed' && entry.error.code === 'LimitExceeded') return entry.error.message;
  if (entry.kind !== 'signature' || entry.location.includes('(signature extension)')) return undefined;
  try {
    parseSignatureBlob(entry.untrustedBytes);
    return undefined;
  } catch (error) {
    if (error instanceof SignatureError) return `has no format that they know: ${error.message}`;
    throw error;
  }
}

import { isSigstoreBlob } from '../../crypto/sigstore/signature-blob.ts';
import { usePrehashed } from '../../crypto/sigstore/sigstore-trust.ts';
import type { StoreEntry } from '../../stores/port/signature-store.ts';
import { type Candidate, type SignedRequirement, toCandidate } from '../judge/requirement.ts';
import type { Attempt } from '../judge/verdict.ts';

type SignatureEntry = Extract<StoreEntry, { kind: 'signature' }>;

/** A signature of a store, with what the requirements need to verify one of its kind. */
export async function openCandidate(
  entry: SignatureEntry,
  requirements: readonly SignedRequirement[],
): Promise<Candidate> {
  return toCandidate(entry, await loadSigstore(entry.untrustedBytes, requirements));
}

/** What verifies Sigstore signatures, for one that a requirement looks at: profiles without policies never load it. */
async function loadSigstore(
  untrustedBytes: Uint8Array,
  requirements: readonly SignedRequirement[],
): Promise<Candidate['verifySigstore']> {
  const wanting = requirements.filter(({ signatureKind }) => signatureKind === 'sigstore');
  if (wanting.length === 0 || !isSigstoreBlob(untrustedBytes)) return undefined;
  if (wanting.some(({ mayBePrehashed }) => mayBePrehashed === true)) {
    usePrehashed((await import('../../crypto/sigstore/x509/ed25519ph.ts')).isSignedByEd25519ph);
  }
  return (await import('../../crypto/sigstore/verify-sigstore-blob.ts')).verifySigstoreBlob;
}

/** What a store says of itself. */
export function toStoreAttempt(entry: Exclude<StoreEntry, { kind: 'signature' }>): Attempt {
  const { store, location } = entry;
  if (entry.kind === 'absent') {
    return { store, location, code: 'SignatureNotFound', message: entry.message ?? 'no more signatures here' };
  }
  const { message } = entry.error;
  const prefix = `${location}: `;
  return {
    store,
    location,
    code: 'StoreUnavailable',
    message: message.startsWith(prefix) ? message.slice(prefix.length) : message,
  };
}

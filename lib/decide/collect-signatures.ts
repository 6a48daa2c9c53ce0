import type { Digest } from '../pullspec/digest.ts';
import type { SignatureStore, StoreEntry } from '../signatures/signature-store.ts';
import { evaluateSignature } from '../verification/evaluate-signature.ts';
import type { SignatureEvidence } from '../verification/judge-signatures.ts';
import type { Attempt } from '../verification/verdict.ts';
import type { SignatureRequirement, VerifiedSignature } from '../verification/verify-signature.ts';
import type { ReadyTrust } from './ready-trust.ts';

/** The evidence, and the signatures that hold, with their bytes: what a mirror may keep. */
export interface CollectedSignatures {
  readonly evidence: SignatureEvidence;
  readonly verified: readonly { readonly signature: VerifiedSignature; readonly bytes: Uint8Array }[];
}

/**
 * Reads a store until every keyring is satisfied, or there is nothing more to read. What is read from a mirror is
 * verified like everything else.
 */
export async function collectSignatures(
  digest: Digest,
  trust: ReadyTrust,
  store: SignatureStore,
  now: Date,
  signal: AbortSignal,
): Promise<CollectedSignatures> {
  const { prepared, keyrings } = trust;
  const requirement: SignatureRequirement = {
    digest,
    signedRepositories: prepared.signedRepository === 'enforce' ? prepared.signedRepositories : undefined,
    payloadMode: 'release',
  };
  const seconds = Math.floor(now.getTime() / 1000);
  const satisfied = new Set<string>();
  const attempts: Attempt[] = [];
  const verified: { signature: VerifiedSignature; bytes: Uint8Array }[] = [];
  let storeFailed = false;
  for await (const entry of store.fetchSignatures({ digest }, signal)) {
    if (entry.kind === 'signature') {
      const bytes = entry.untrustedBytes;
      const evaluation = evaluateSignature(bytes, toSource(entry), keyrings, requirement, seconds);
      attempts.push(...evaluation.attempts);
      for (const signature of evaluation.verified) {
        satisfied.add(signature.keyring);
        verified.push({ signature, bytes });
      }
      if (keyrings.length > 0 && keyrings.every(({ name }) => satisfied.has(name))) break;
    } else {
      storeFailed ||= entry.kind === 'failed';
      attempts.push(toStoreAttempt(entry));
    }
  }
  const names = keyrings.map(({ name }) => name);
  return { evidence: { digest, keyrings: names, satisfied, storeFailed, attempts }, verified };
}

function toStoreAttempt(entry: Exclude<StoreEntry, { kind: 'signature' }>): Attempt {
  if (entry.kind === 'absent') {
    return { ...toSource(entry), code: 'SignatureNotFound', message: 'no more signatures here' };
  }
  return { ...toSource(entry), code: 'StoreUnavailable', message: entry.error.message };
}

function toSource({ store, location }: StoreEntry): { store: string; location: string } {
  return { store, location };
}

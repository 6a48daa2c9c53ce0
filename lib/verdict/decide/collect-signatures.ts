import type { Digest } from '../../base/names/digest.ts';
import type { SignatureStore, StoreEntry } from '../../stores/port/signature-store.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import { evaluateSignature, type IdentifiedSignature } from '../judge/evaluate-signature.ts';
import type { SignatureEvidence } from '../judge/judge-signatures.ts';
import type { Attempt } from '../judge/verdict.ts';
import type { SignatureRequirement } from '../judge/verify-signature.ts';

/** The evidence, and the signatures that hold, with their bytes: what a mirror may keep. */
export interface CollectedSignatures {
  readonly evidence: SignatureEvidence;
  readonly verified: readonly { readonly signature: IdentifiedSignature; readonly bytes: Uint8Array }[];
  /** Every signature that was read, good or not: what a record needs to be checked again. */
  readonly examined: readonly ExaminedSignature[];
  /** The longest that a store asked to be left alone, in seconds. */
  readonly retryAfterSeconds: number | undefined;
}

export interface ExaminedSignature {
  readonly store: string;
  readonly location: string;
  /** The image whose policy had it read; missing where the profile's keyrings did. */
  readonly image?: string | undefined;
  readonly bytes: Uint8Array;
}

/**
 * Reads a store until every keyring is satisfied, or there is nothing more to read. What is read from a mirror is
 * verified like everything else.
 *
 * @param isCounted a mirror looks on where a signature verifies and is of no use to it
 */
export async function collectSignatures(
  digest: Digest,
  trust: ReadyTrust,
  store: SignatureStore,
  now: Date,
  signal: AbortSignal,
  isCounted: (signature: IdentifiedSignature) => boolean = () => true,
): Promise<CollectedSignatures> {
  const { prepared, keyrings } = trust;
  const requirement = toRequirement(digest, prepared);
  const seconds = Math.floor(now.getTime() / 1000);
  const satisfied = new Set<string>();
  const attempts: Attempt[] = [];
  const verified: { signature: IdentifiedSignature; bytes: Uint8Array }[] = [];
  const examined: ExaminedSignature[] = [];
  let storeFailed = false;
  let retryAfterSeconds: number | undefined;
  for await (const entry of store.fetchSignatures({ digest }, signal)) {
    if (entry.kind === 'signature') {
      const bytes = entry.untrustedBytes;
      const evaluation = evaluateSignature(bytes, toSource(entry), keyrings, requirement, seconds);
      examined.push({ ...toSource(entry), bytes });
      attempts.push(...evaluation.attempts);
      for (const signature of evaluation.verified.filter(isCounted)) {
        satisfied.add(signature.keyring);
        verified.push({ signature, bytes });
      }
      if (keyrings.length > 0 && keyrings.every(({ name }) => satisfied.has(name))) break;
    } else {
      storeFailed ||= entry.kind === 'failed';
      retryAfterSeconds = toLonger(retryAfterSeconds, entry);
      attempts.push(toStoreAttempt(entry));
    }
  }
  const names = keyrings.map(({ name }) => name);
  const evidence = { digest, keyrings: names, satisfied, storeFailed, attempts };
  return { evidence, verified, examined, retryAfterSeconds };
}

function toLonger(known: number | undefined, entry: StoreEntry): number | undefined {
  const asked = entry.kind === 'failed' ? entry.error.retryAfterSeconds : undefined;
  return asked === undefined ? known : Math.max(known ?? 0, asked);
}

/** What a profile asks of a signature for a release. */
export function toRequirement(
  digest: Digest,
  { signedRepository, signedRepositories }: Pick<PreparedTrust, 'signedRepository' | 'signedRepositories'>,
): SignatureRequirement {
  return {
    digest,
    signedRepositories: signedRepository === 'enforce' ? signedRepositories : undefined,
    payloadMode: 'release',
  };
}

function toStoreAttempt(entry: Exclude<StoreEntry, { kind: 'signature' }>): Attempt {
  if (entry.kind === 'absent') {
    return { ...toSource(entry), code: 'SignatureNotFound', message: 'no more signatures here' };
  }
  const { message } = entry.error;
  const prefix = `${entry.location}: `;
  const said = message.startsWith(prefix) ? message.slice(prefix.length) : message;
  return { ...toSource(entry), code: 'StoreUnavailable', message: said };
}

function toSource({ store, location }: StoreEntry): { store: string; location: string } {
  return { store, location };
}

import type { StoreEntry } from '../../stores/port/signature-store.ts';
import { toCandidate } from '../judge/candidate.ts';
import type { Evidence } from '../judge/judge.ts';
import { addDistinct } from '../judge/keyring-requirement.ts';
import type { Image, Proof, Requirement, SignedRequirement } from '../judge/requirement.ts';
import type { Attempt } from '../judge/verdict.ts';

/** A signature that was read, good or not: what a record needs to be checked again. */
export interface ExaminedSignature {
  readonly store: string;
  readonly location: string;
  /** `repository@digest` of the image whose policy had it read; missing for one read for the release keyrings. */
  readonly image?: string | undefined;
  readonly bytes: Uint8Array;
}

/** What the signatures of an image gave its requirements. */
export interface CollectedEvidence extends Evidence {
  /** Of signatures and stores, in the order of reading. */
  readonly attempts: readonly Attempt[];
  readonly examined: readonly ExaminedSignature[];
  /** The signatures that satisfy a requirement, with their bytes. */
  readonly verified: readonly { readonly keyring: string; readonly proof: Proof; readonly bytes: Uint8Array }[];
  /** The longest time for which a store asked not to be called, in seconds. */
  readonly retryAfterSeconds: number | undefined;
}

export interface CollectOptions {
  /** What satisfies a requirement; a mirror reads on where a signature holds and clusters cannot read it. */
  readonly isCounted?: ((proof: Proof) => boolean) | undefined;
}

/**
 * Reads the signatures of an image until every requirement is satisfied, or to the end. What is read from a mirror is
 * verified like everything else. Nothing is read where no requirement needs a signature.
 *
 * @param read called once at most; its iterable throws as a SignatureStore's does
 * @throws the abort reason of the signal that `read` uses
 */
export async function collectEvidence(
  requirements: readonly SignedRequirement[],
  image: Image,
  read: () => AsyncIterable<StoreEntry>,
  now: Date,
  { isCounted = () => true }: CollectOptions = {},
): Promise<CollectedEvidence> {
  const seconds = Math.floor(now.getTime() / 1000);
  const attemptsOf = new Map<Requirement, Attempt[]>(requirements.map((requirement) => [requirement, []]));
  const satisfied = new Set<Requirement>();
  const attempts: Attempt[] = [];
  const storeAttempts: Attempt[] = [];
  const examined: ExaminedSignature[] = [];
  const verified: CollectedEvidence['verified'][number][] = [];
  let storeFailed = false;
  let retryAfterSeconds: number | undefined;
  if (requirements.length > 0) {
    for await (const entry of read()) {
      if (entry.kind !== 'signature') {
        const attempt = toStoreAttempt(entry);
        storeFailed ||= entry.kind === 'failed';
        retryAfterSeconds = toLonger(retryAfterSeconds, entry);
        storeAttempts.push(attempt);
        attempts.push(attempt);
        continue;
      }
      const candidate = toCandidate(entry);
      const { store, location, untrustedBytes: bytes } = entry;
      examined.push({ store, location, bytes });
      const found: Attempt[] = [];
      for (const requirement of requirements) {
        if (!requirement.seesAll && (requirement.signatureKind !== candidate.kind || satisfied.has(requirement)))
          continue;
        const { attempt, proof } = requirement.verify(candidate, image, seconds);
        attemptsOf.get(requirement)?.push(attempt);
        addDistinct(found, attempt);
        if (proof === undefined || !isCounted(proof)) continue;
        satisfied.add(requirement);
        verified.push({ keyring: attempt.keyring ?? requirement.description, proof, bytes });
      }
      attempts.push(...found);
      if (satisfied.size === requirements.length) break;
    }
  }
  return { image, attemptsOf, satisfied, storeAttempts, storeFailed, attempts, examined, verified, retryAfterSeconds };
}

function toLonger(known: number | undefined, entry: StoreEntry): number | undefined {
  const asked = entry.kind === 'failed' ? entry.error.retryAfterSeconds : undefined;
  return asked === undefined ? known : Math.max(known ?? 0, asked);
}

function toStoreAttempt(entry: Exclude<StoreEntry, { kind: 'signature' }>): Attempt {
  const { store, location } = entry;
  if (entry.kind === 'absent') {
    return { store, location, code: 'SignatureNotFound', message: 'no more signatures here' };
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

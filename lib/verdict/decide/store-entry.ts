import { withKeyOperations } from '../../base/errors/evaluate-candidate.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { usePrehashed } from '../../crypto/sigstore/sigstore-trust.ts';
import { expireDeadline, readClock } from '../../platform/time/deadline.ts';
import { VERIFICATION_TIMEOUT_MS } from '../../stores/port/composites.ts';
import type { StoreEntry } from '../../stores/port/signature-store.ts';
import { type Candidate, type SignedRequirement, toCandidate, toSignatureKind } from '../judge/requirement.ts';
import type { Attempt } from '../judge/verdict.ts';

/** Operations with keys that the signatures of one image may cost; the most that any real one costs is some hundreds. */
export const MAX_KEY_OPERATIONS = 20_000;

export interface EffortLimits {
  readonly maxOperations?: number | undefined;
  /** Milliseconds of computing: waiting for stores does not count. */
  readonly timeoutMs?: number | undefined;
  /** Its deadline is looked at too, because no timer runs while signatures are verified. */
  readonly signal?: AbortSignal | undefined;
}

/** What the evaluation of the signatures of one image costs. */
export interface Effort {
  /** Evaluates one signature. @throws the abort reason of the signal */
  run<T>(evaluate: () => T): T;
  /** Why nothing more may be evaluated; undefined while something may. */
  readonly fault: () => string | undefined;
}

/**
 * Counts operations with keys, and looks at the clock before each: a signature cannot block the process for longer than
 * one of them takes.
 */
export function startEffort({
  maxOperations = MAX_KEY_OPERATIONS,
  timeoutMs = VERIFICATION_TIMEOUT_MS,
  signal,
}: EffortLimits = {}): Effort {
  let operations = 0;
  let spentMs = 0;
  let startedAt = 0;
  let fault: string | undefined;
  const onOperation = (): void => {
    operations++;
    const spent = spentMs + readClock() - startedAt;
    if (operations > maxOperations) fault ??= `the signatures need more than ${maxOperations} operations with keys`;
    if (spent >= timeoutMs) fault ??= `the signatures could not be verified within ${timeoutMs} ms`;
    if (signal !== undefined && expireDeadline(signal)) fault ??= 'the time for this verification is over';
    if (fault !== undefined) throw new SignatureError('LimitExceeded', fault);
  };
  return {
    run(evaluate) {
      startedAt = readClock();
      try {
        return withKeyOperations(onOperation, evaluate);
      } finally {
        spentMs += readClock() - startedAt;
        signal?.throwIfAborted();
      }
    },
    fault: () => fault,
  };
}

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
  if (wanting.length === 0 || toSignatureKind(untrustedBytes) !== 'sigstore') return undefined;
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

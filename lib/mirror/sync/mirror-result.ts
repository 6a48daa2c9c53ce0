import type { Digest } from '../../base/names/digest.ts';
import { MAX_RELEASE_SIGNATURES } from '../../stores/port/signature-store.ts';
import { isStale } from '../../trust/prepared/profiles.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { type EvaluatedRelease, judgeRelease } from '../../verdict/decide/collect-evidence.ts';
import type { Attempt, Outcome, Reason } from '../../verdict/judge/verdict.ts';
import { judgeStored, type MirrorTarget, type ReleaseSlot } from '../slots/release-slots.ts';
import { heldIdentities, type RefusalCode, reachableSlots, type Slots, satisfiedNames } from '../slots/slots.ts';

/**
 * `complete`: the held signatures satisfy every keyring. `absent`: every upstream store answered that there is no signature,
 * and none is held. `indeterminate`: a store failed that could have held a missing one, or the trust is stale.
 * `incomplete`: all stores answered, and a keyring is not satisfied. `skipped`: the profile verifies no signature.
 */
export type MirrorOutcome = 'complete' | 'incomplete' | 'absent' | 'indeterminate' | 'skipped';

interface MirroredSignature {
  /** Fingerprint of the signer's primary key. */
  readonly signer: string;
  readonly keyrings: readonly string[];
}

export interface MirrorResult {
  readonly digest: Digest;
  readonly outcome: MirrorOutcome;
  /** Why it is not complete. */
  readonly reasons: readonly Reason[];
  readonly written: readonly (MirroredSignature & { readonly index: number })[];
  /** Distinct signatures that readers of the mirror now see and that verify. */
  readonly held: number;
  /** Indexes of objects that do not verify. They satisfy nothing and keep their slots until pruned. */
  readonly unverified: readonly number[];
  /** Indexes behind a gap, which readers do not reach. They satisfy nothing and keep their slots. */
  readonly unreachable: readonly number[];
  /** Signatures that verify and for which there was no slot. */
  readonly refused: readonly (MirroredSignature & { readonly code: RefusalCode })[];
  /** Those of held signatures, then those of upstream. */
  readonly attempts: readonly Attempt[];
  /** The longest `Retry-After` of a store, in seconds. */
  readonly retryAfterSeconds?: number | undefined;
}

/** The work done so far. */
export interface Progress {
  readonly slots: Slots<ReleaseSlot>;
  /** Indexes. */
  readonly written: readonly number[];
  readonly refused: readonly { readonly bytes: Uint8Array; readonly code: RefusalCode }[];
  /** Of upstream. */
  readonly attempts: readonly Attempt[];
  readonly storeFailed: boolean;
  readonly retryAfterSeconds?: number | undefined;
}

export function toMirrorResult(target: MirrorTarget, progress: Progress): MirrorResult {
  const { digest, trust } = target;
  const { slots, written, refused } = progress;
  const indexes = [...slots.keys()].toSorted((left, right) => left - right);
  const isOwn = new Set(written);
  const heldAttempts = indexes.flatMap((index) => (isOwn.has(index) ? [] : (slots.get(index)?.attempts ?? [])));
  const evidence: EvaluatedRelease = {
    digest,
    satisfied: satisfiedNames(slots),
    storeFailed: progress.storeFailed,
    attempts: [...heldAttempts, ...progress.attempts],
  };
  const { outcome, reasons } = judgeRelease(evidence, trust);
  const reachable = reachableSlots(slots).length;
  const isCrowded = outcome !== 'accepted' && refused.length > 0;
  return {
    digest,
    outcome: toMirrorOutcome(outcome, evidence.attempts),
    reasons: isCrowded ? [NO_PLACE, ...reasons.filter(({ code }) => code !== 'SignatureNotFound')] : reasons,
    written: written.map((index) => ({ index, ...toMirrored(slots.get(index)?.verified ?? []) })),
    held: heldIdentities(slots).size,
    unverified: indexes.filter((index) => slots.get(index)?.verified.length === 0),
    unreachable: indexes.filter((index) => index > reachable),
    refused: refused.map(({ bytes, code }) => ({
      ...toMirrored(judgeStored(target, MAX_RELEASE_SIGNATURES, bytes).verified),
      code,
    })),
    attempts: evidence.attempts,
    ...(progress.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: progress.retryAfterSeconds }),
  };
}

function toMirrorOutcome(outcome: Outcome, attempts: readonly Attempt[]): MirrorOutcome {
  switch (outcome) {
    case 'accepted':
      return 'complete';
    case 'indeterminate':
      return 'indeterminate';
    case 'rejected': {
      const isNowhere = attempts.length > 0 && attempts.every(({ code }) => code === 'SignatureNotFound');
      return isNowhere ? 'absent' : 'incomplete';
    }
    default:
      return outcome satisfies never;
  }
}

function toMirrored(verified: readonly { readonly signer: string; readonly keyring: string }[]): MirroredSignature {
  return { signer: verified[0]?.signer ?? 'unknown', keyrings: verified.map(({ keyring }) => keyring) };
}

const NO_PLACE: Reason = {
  code: 'LimitExceeded',
  message: `all ${MAX_RELEASE_SIGNATURES} places of the digest are taken or reserved, and a signature that verifies was not written`,
  remedy:
    'list the held signatures with signet mirror audit, and remove those that do not verify with signet mirror prune',
};

/** The result for a profile whose trust allows no mirroring now; undefined if it does. */
export function toUntouchedResult(digest: Digest, trust: ReadyTrust, now: Date): MirrorResult | undefined {
  const why = whyUntouched(trust, now);
  if (why === undefined) return undefined;
  const nothing = { written: [], held: 0, unverified: [], unreachable: [], refused: [], attempts: [] };
  return { digest, ...UNTOUCHED[why], ...nothing };
}

function whyUntouched(trust: ReadyTrust, now: Date): keyof typeof UNTOUCHED | undefined {
  if (trust.prepared.verification === 'disabled') return 'VerificationDisabled';
  if (trust.keyrings.length === 0) return 'NoKeyring';
  // Written signatures stay, and a key may have been revoked since the trust was refreshed.
  return isStale(trust, now) ? 'TrustStale' : undefined;
}

const UNTOUCHED = {
  VerificationDisabled: {
    outcome: 'skipped',
    reasons: [
      {
        code: 'PolicyNotEvaluated',
        message: 'the profile has verification: disabled, and only signatures that verify are mirrored',
        remedy: 'remove verification: disabled from the Profile',
      },
    ],
  },
  NoKeyring: {
    outcome: 'skipped',
    reasons: [
      {
        code: 'KeyringUnsatisfied',
        message: 'the profile has no keyring, and only signatures that verify are mirrored',
        remedy: 'add a trust ConfigMap to the profile',
      },
    ],
  },
  TrustStale: {
    outcome: 'indeterminate',
    reasons: [
      {
        code: 'TrustStale',
        message: 'the trust was not refreshed within the last 24 hours; a key may have been revoked since',
        remedy: 'make the bucket that holds trust/ reachable again',
      },
    ],
  },
} as const satisfies Record<string, Pick<MirrorResult, 'outcome' | 'reasons'>>;

import type { Digest } from '../../base/names/digest.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { type CollectedRelease, collectRelease } from '../../verdict/decide/collect-evidence.ts';
import { isStoreAttempt } from '../../verdict/judge/requirement.ts';
import type { Attempt, Outcome, Reason } from '../../verdict/judge/verdict.ts';
import type { AuditException } from './audit-exceptions.ts';

/** One signature of a store, by every keyring of the profile. */
export interface AuditedSignature {
  readonly location: string;
  /** Verified by a keyring at least, and of the tag where it names one. */
  readonly state: 'verified' | 'unverified' | 'other-tag';
  /** What it is signed for, once it verifies. */
  readonly signedFor?: string | undefined;
  readonly signer?: string | undefined;
  readonly reasons: readonly Pick<Attempt, 'code' | 'message' | 'keyring'>[];
}

/** The signatures of one digest in one store. */
export interface AuditedStore {
  readonly store: string;
  readonly outcome: Outcome;
  /** `faulty`: a keyring is not satisfied, or a signature is there that does not verify. */
  readonly state: 'verified' | 'faulty' | 'absent' | 'failed';
  readonly reasons: readonly Reason[];
  readonly signatures: readonly AuditedSignature[];
  readonly exception?: AuditException | undefined;
}

interface StoreAuditOptions {
  readonly trust: ReadyTrust;
  /** The tag that a signature may name; undefined for an image without one. */
  readonly tag: string | undefined;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/**
 * Verifies every signature that a store has of a digest: also those behind one that satisfies everything.
 *
 * @throws the abort reason of the signal
 */
export async function auditStore(
  digest: Digest,
  store: SignatureStore,
  { trust, tag, now, signal }: StoreAuditOptions,
): Promise<AuditedStore> {
  const { judgement, collected } = await collectRelease(digest, trust, store, now, signal, { isEnough: () => false });
  const signatures = toSignatures(collected, tag);
  const named = { store: store.description, signatures };
  if (collected.storeFailed)
    return { ...named, outcome: 'indeterminate', state: 'failed', reasons: toFailures(collected) };
  const { outcome, reasons } = judgement;
  if (signatures.length === 0) return { ...named, outcome, state: 'absent', reasons };
  const isFaulty = outcome !== 'accepted' || signatures.some(({ state }) => state !== 'verified');
  if (isFaulty) return { ...named, outcome: 'rejected', state: 'faulty', reasons };
  return { ...named, outcome, state: 'verified', reasons };
}

function toFailures({ storeAttempts }: CollectedRelease['collected']): readonly Reason[] {
  return storeAttempts.flatMap(({ code, message, location }) =>
    code === 'StoreUnavailable' ? [{ code, message: `${location}: ${message}` }] : [],
  );
}

function toSignatures(
  { examined, attempts, verified }: CollectedRelease['collected'],
  tag: string | undefined,
): readonly AuditedSignature[] {
  return examined.map(({ location, bytes }) => {
    const own = attempts.filter((attempt) => attempt.location === location && !isStoreAttempt(attempt));
    const holds = own.find(({ code }) => code === 'Verified');
    if (holds === undefined) {
      const reasons = own.map(({ code, message, keyring }) => ({ code, message, keyring }));
      return { location, state: 'unverified', reasons };
    }
    const signedFor = verified.find((one) => one.bytes === bytes)?.proof.signature?.signedReference;
    const { signer } = holds;
    return { location, state: isOfTag(signedFor, tag) ? 'verified' : 'other-tag', signedFor, signer, reasons: [] };
  });
}

/** A signature may name no tag: then it is of the digest alone, which is what it is verified for. */
function isOfTag(signedFor: string | undefined, tag: string | undefined): boolean {
  if (signedFor === undefined || tag === undefined) return true;
  const [name = ''] = signedFor.split('@', 1);
  const named = name.slice(name.lastIndexOf('/') + 1);
  return !named.includes(':') || named.slice(named.indexOf(':') + 1) === tag;
}

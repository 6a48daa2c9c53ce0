import type { ReasonCode } from '../../base/errors/reason-code.ts';
import type { Digest } from '../../base/names/digest.ts';
import { closestAttempts, type FailedAttempt } from './closest-attempts.ts';
import type { Attempt, Outcome, Reason } from './verdict.ts';

/** All that was found out about the signatures of a digest. */
export interface SignatureEvidence {
  readonly digest: Digest;
  /** Names of the keyrings that have to be satisfied. */
  readonly keyrings: readonly string[];
  readonly satisfied: ReadonlySet<string>;
  /** True when a store that failed could have held what is missing. */
  readonly storeFailed: boolean;
  readonly attempts: readonly Attempt[];
}

/** One requirement's part of the verdict. */
export interface Judgement {
  readonly outcome: Outcome;
  readonly reasons: readonly Reason[];
}

/** Every keyring must be satisfied, and there must be one: nothing configured is a no. */
export function judgeSignatures(evidence: SignatureEvidence): Judgement {
  const { keyrings, satisfied, storeFailed } = evidence;
  if (keyrings.length === 0) {
    return { outcome: 'rejected', reasons: [{ code: 'KeyringUnsatisfied', message: 'no keyring is configured' }] };
  }
  const missing = keyrings.filter((name) => !satisfied.has(name));
  if (missing.length === 0) return { outcome: 'accepted', reasons: [] };
  const reasons = [...explainKeyrings(missing, evidence), ...explainAttempts(missing, evidence)];
  if (storeFailed) return { outcome: 'indeterminate', reasons: [explainStores(evidence), ...reasons] };
  return { outcome: 'rejected', reasons: reasons.length === 0 ? [explainAbsence(evidence)] : reasons };
}

function explainKeyrings(missing: readonly string[], { keyrings }: SignatureEvidence): readonly Reason[] {
  if (missing.length === keyrings.length) return [];
  const names = missing.join(', ');
  return [
    {
      code: 'KeyringUnsatisfied',
      message: `no signature satisfies ${names}; every keyring of the profile must be satisfied`,
      remedy: `have the release signed by a key of ${names}, or remove the keyring from the profile`,
    },
  ];
}

function explainAttempts(missing: readonly string[], { attempts }: SignatureEvidence): readonly Reason[] {
  const relevant = attempts.filter(({ keyring }) => keyring === undefined || missing.includes(keyring));
  return closestAttempts(relevant).map(toReason);
}

function toReason({ code, message }: FailedAttempt): Reason {
  const remedy = REMEDIES.get(code);
  return { code, message, ...(remedy === undefined ? {} : { remedy }) };
}

function explainStores({ attempts }: SignatureEvidence): Reason {
  const failed = attempts.filter(({ code }) => code === 'StoreUnavailable');
  const [first] = failed;
  const others = failed.length > 1 ? ` and ${failed.length - 1} more` : '';
  return {
    code: 'StoreUnavailable',
    message: `a store that could hold the signature failed: ${first?.location ?? 'unknown'}: ${first?.message ?? 'unknown'}${others}`,
    remedy:
      'retry; if it stays so, make the stores reachable from here, or read a mirror (--store). Private addresses are contacted where the profile, or --allow-private-stores, allows them',
  };
}

function explainAbsence({ digest }: SignatureEvidence): Reason {
  return {
    code: 'SignatureNotFound',
    message: `every store answered, and none has a signature of ${digest}`,
    remedy: 'compare the digest with the publisher’s; a release that is not signed must not be installed',
  };
}

const REMEDIES: ReadonlyMap<ReasonCode, string> = new Map([
  ['DigestMismatch', 'the store holds the signature of another release under this digest: repair the store'],
  ['KeyUnknown', 'if the publisher has a new key, verify its fingerprint and add it with signet trust add'],
  ['KeyRevoked', 'the publisher withdrew the key: use a release signed by its current one'],
  ['RepositoryMismatch', 'this release was signed for another product; use that product’s profile'],
  ['SignatureFromFuture', 'check the clock of this machine'],
]);

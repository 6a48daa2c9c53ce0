import type { Digest } from '../../base/names/digest.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import { isStoreAttempt } from '../judge/candidate.ts';
import { type Evidence, type Judgement, judgeRequirement, mergeReasons } from '../judge/judge.ts';
import { type ReleaseTrust, toKeyringRequirements } from '../judge/keyring-requirement.ts';
import { allOf } from '../judge/outcome.ts';
import type { SignedRequirement } from '../judge/requirement.ts';
import type { Attempt, Reason } from '../judge/verdict.ts';
import { type CollectedEvidence, type CollectOptions, collectEvidence } from './collect-evidence.ts';

/** The release signatures of a digest, and what the keyrings of a profile make of them. */
export interface CollectedRelease {
  readonly judgement: Judgement;
  readonly collected: CollectedEvidence;
}

/** Whether the profile asks for OpenPGP signatures of a release. */
export function requiresOpenpgp({ prepared, keyrings }: ReadyTrust): boolean {
  const { require } = prepared;
  return require === 'openpgp' || (require === 'configured' && keyrings.length > 0);
}

/**
 * Reads a store until every keyring of the profile is satisfied by a signature of the digest, or to the end.
 *
 * @throws the abort reason of the signal
 */
export async function collectRelease(
  digest: Digest,
  trust: ReleaseTrust,
  store: SignatureStore,
  now: Date,
  signal: AbortSignal,
  options: CollectOptions = {},
): Promise<CollectedRelease> {
  const requirements = toKeyringRequirements(trust);
  const read = () => store.fetchSignatures({ digest }, signal);
  const collected = await collectEvidence(requirements, { reference: undefined, digest }, read, now, options);
  return { judgement: judgeKeyrings(requirements, collected), collected };
}

/** Release signatures that were evaluated one by one, such as those that a mirror holds. */
export interface EvaluatedRelease {
  readonly digest: Digest;
  /** Names of the keyrings that they satisfy. */
  readonly satisfied: ReadonlySet<string>;
  /** Of signatures and stores. */
  readonly attempts: readonly Attempt[];
  readonly storeFailed: boolean;
}

/** What they come to by every keyring of the profile. */
export function judgeRelease(
  { digest, satisfied, attempts, storeFailed }: EvaluatedRelease,
  trust: ReleaseTrust,
): Judgement {
  const requirements = toKeyringRequirements(trust);
  const ofSignatures = attempts.filter((attempt) => !isStoreAttempt(attempt));
  return judgeKeyrings(requirements, {
    image: { reference: undefined, digest },
    attemptsOf: new Map(
      requirements.map((requirement) => [
        requirement,
        ofSignatures.filter(({ keyring }) => keyring === undefined || keyring === requirement.description),
      ]),
    ),
    satisfied: new Set(requirements.filter(({ description }) => satisfied.has(description))),
    storeAttempts: attempts.filter(isStoreAttempt),
    storeFailed,
  });
}

/** Every keyring must be satisfied, and there must be one: nothing configured is a rejection. */
function judgeKeyrings(requirements: readonly SignedRequirement[], evidence: Evidence): Judgement {
  if (requirements.length === 0) {
    return { outcome: 'rejected', reasons: [{ code: 'KeyringUnsatisfied', message: 'no keyring is configured' }] };
  }
  const results = requirements.map((requirement) => judgeRequirement(requirement, evidence));
  const outcome = allOf(results.map((result) => result.outcome));
  const missing = results.filter((result) => result.outcome !== 'accepted');
  const isPartly = missing.length > 0 && missing.length < results.length;
  const unsatisfied = isPartly ? [explainMissing(missing.map(({ requirement }) => requirement))] : [];
  return { outcome, reasons: mergeReasons([...missing, { outcome, reasons: unsatisfied }]) };
}

function explainMissing(missing: readonly string[]): Reason {
  const names = missing.join(', ');
  return {
    code: 'KeyringUnsatisfied',
    message: `no signature satisfies ${names}; every keyring of the profile must be satisfied`,
    remedy: `have the release signed by a key of ${names}, or remove the keyring from the profile`,
  };
}

import type { Digest } from '../../base/names/digest.ts';
import type { SignatureStore, StoreEntry } from '../../stores/port/signature-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { type Evidence, type Judgement, judgeRequirement, mergeReasons } from '../judge/judge.ts';
import { addDistinct, type ReleaseTrust, toKeyringRequirements } from '../judge/keyring-requirement.ts';
import { allOf } from '../judge/outcome.ts';
import {
  type Image,
  isStoreAttempt,
  type Proof,
  type Requirement,
  type SignedRequirement,
} from '../judge/requirement.ts';
import type { Attempt, Reason } from '../judge/verdict.ts';
import { type EffortLimits, openCandidate, startEffort, toStoreAttempt } from './store-entry.ts';

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

interface CollectOptions extends EffortLimits {
  /** What satisfies a requirement; a mirror reads on where a signature holds and clusters cannot read it. */
  readonly isCounted?: ((proof: Proof) => boolean) | undefined;
  /** What ends the reading for a requirement that it satisfies; a mirror reads on behind what only some readers read. */
  readonly isEnough?: ((proof: Proof) => boolean) | undefined;
}

/**
 * Reads the signatures of an image until every requirement is satisfied, or to the end. What is read from a mirror is
 * verified like everything else. Nothing is read where no requirement needs a signature.
 *
 * @param read called once at most; its iterable throws as a SignatureStore's does
 * @throws the abort reason of the signal that `read` uses, also where it is over while signatures are verified
 */
export async function collectEvidence(
  requirements: readonly SignedRequirement[],
  image: Image,
  read: () => AsyncIterable<StoreEntry>,
  now: Date,
  { isCounted = () => true, isEnough = () => true, ...limits }: CollectOptions = {},
): Promise<CollectedEvidence> {
  const seconds = Math.floor(now.getTime() / 1000);
  const attemptsOf = new Map<Requirement, Attempt[]>(requirements.map((requirement) => [requirement, []]));
  const satisfied = new Set<Requirement>();
  const settled = new Set<Requirement>();
  const attempts: Attempt[] = [];
  const storeAttempts: Attempt[] = [];
  const examined: ExaminedSignature[] = [];
  const verified: CollectedEvidence['verified'][number][] = [];
  const effort = startEffort(limits);
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
      const candidate = await openCandidate(entry, requirements);
      const { store, location, untrustedBytes: bytes } = entry;
      examined.push({ store, location, bytes });
      const found: Attempt[] = [];
      for (const requirement of requirements) {
        if (!requirement.seesAll && (requirement.signatureKind !== candidate.kind || satisfied.has(requirement)))
          continue;
        const { attempt, proof } = effort.run(() => requirement.verify(candidate, image, seconds));
        attemptsOf.get(requirement)?.push(attempt);
        addDistinct(found, attempt);
        if (proof === undefined || !isCounted(proof)) continue;
        satisfied.add(requirement);
        if (isEnough(proof)) settled.add(requirement);
        verified.push({ keyring: attempt.keyring ?? requirement.description, proof, bytes });
      }
      attempts.push(...found);
      const fault = effort.fault();
      if (fault !== undefined) {
        // What was not looked at could satisfy a requirement.
        const attempt: Attempt = { store, location, code: 'StoreUnavailable', message: fault };
        storeFailed = true;
        storeAttempts.push(attempt);
        attempts.push(attempt);
        break;
      }
      if (settled.size === requirements.length) break;
    }
  }
  return { image, attemptsOf, satisfied, storeAttempts, storeFailed, attempts, examined, verified, retryAfterSeconds };
}

function toLonger(known: number | undefined, entry: StoreEntry): number | undefined {
  const asked = entry.kind === 'failed' ? entry.error.retryAfterSeconds : undefined;
  return asked === undefined ? known : Math.max(known ?? 0, asked);
}

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
  const collected = await collectEvidence(requirements, { reference: undefined, digest }, read, now, {
    signal,
    ...options,
  });
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

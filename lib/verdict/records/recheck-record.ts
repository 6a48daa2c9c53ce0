import { InputError } from '../../base/errors/input-error.ts';
import { parsePlatform } from '../../base/names/platform.ts';
import { type Pullspec, parsePullspec } from '../../base/names/reference.ts';
import { VERIFIER_VERSION } from '../../platform/lambda/verifier-version.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { toReadyTrust } from '../../trust/source/trust-source.ts';
import { decideImage } from '../decide/decide-image.ts';
import { toForcedVerdict } from '../decide/force.ts';
import { isStoreAttempt } from '../judge/candidate.ts';
import type { Reason, Verdict } from '../judge/verdict.ts';
import { checkAsked } from './check-asked.ts';
import { compareVerdicts } from './compare-verdicts.ts';
import { toRecordId } from './record-id.ts';
import { createReplay, type Replay } from './replay-store.ts';
import type { VerdictRecord } from './verdict-record.ts';

export interface Recheck {
  readonly outcome: 'confirmed' | 'differs';
  /** Where the record is not what its evidence leads to. */
  readonly differences: readonly string[];
  /** What can only be believed: nothing in the record proves or refutes it. */
  readonly takenAsRecorded: readonly string[];
}

/** Milliseconds of a re-check, which reads nothing but the record. */
const RECHECK_MS = 60_000;

/**
 * Decides again, offline and at the recorded time, from the bytes in the record and the trust that it names, and
 * compares. Who asked, and when, is not proven by that. A record that was accepted neither by force nor by a profile
 * that verifies nothing is confirmed only by signatures in it that verify.
 *
 * @throws InputError `ArgumentInvalid` when the trust is of another profile or revision than the record
 */
export async function recheckRecord(
  record: VerdictRecord,
  trust: PreparedTrust,
  signal: AbortSignal = AbortSignal.timeout(RECHECK_MS),
): Promise<Recheck> {
  requireSameTrust(record, trust);
  const pullspec = tryParse(record.verdict.pullspec);
  if (pullspec instanceof InputError) {
    return { outcome: 'differs', differences: [pullspec.message], takenAsRecorded: [] };
  }
  const replay = createReplay(record);
  const actual = await decideAgain(record, pullspec, trust, replay, signal);
  const differences = [
    ...checkRecord(record, replay),
    ...checkAsked(record.asked, pullspec, trust),
    ...checkAcceptance(record.verdict, actual, trust),
    ...compareVerdicts(record.verdict, record.verdict.forced ? toForcedVerdict(actual) : actual, {
      withoutBytes: replay.withoutBytes,
      isBeforeImageRules: record.schema === 1,
      // When stale trust was last refreshed is known from its sentence alone.
      otherWords: record.verdict.verifierVersion !== VERIFIER_VERSION || isStale(record.verdict),
    }),
  ];
  const takenAsRecorded = listBelieved(record, replay, trust);
  return { outcome: differences.length === 0 ? 'confirmed' : 'differs', differences, takenAsRecorded };
}

function requireSameTrust({ verdict: { profile, trustRevision } }: VerdictRecord, trust: PreparedTrust): void {
  if (trust.profile === profile && trust.revision === trustRevision) return;
  throw new InputError(
    'ArgumentInvalid',
    `the record was decided by revision ${trustRevision} of the profile ${profile}; this is revision ${trust.revision} of ${trust.profile}`,
  );
}

async function decideAgain(
  { schema, verdict }: VerdictRecord,
  pullspec: Pullspec,
  trust: PreparedTrust,
  { store, lookaside, manifests }: Replay,
  signal: AbortSignal,
): Promise<Verdict> {
  const decidedAt = new Date(verdict.decidedAt);
  const ready = toReadyTrust(trust, isStale(verdict) ? new Date(0) : decidedAt);
  const dependencies = { store, lookaside, manifests, now: () => decidedAt, signal };
  // Before per-image rules, the digest that was asked for was judged alone.
  const reader = schema === 1 ? 'host' : 'node';
  const platforms = verdict.platforms?.map(parsePlatform);
  const request = { pullspec, mode: verdict.mode, platforms, reader } as const;
  return (await decideImage(request, ready, dependencies)).verdict;
}

/** The versions that wrote schema 1: a later record that says so would be checked by the weaker rule. */
const SCHEMA_1_VERIFIERS = ['signet/0.0.', 'signet/0.1.'];

function checkRecord(record: VerdictRecord, { swapped, listUnread }: Replay): readonly string[] {
  const { asked, verdict, id, firstDecidedAt, schema } = record;
  const differences = swapped.map((location) => `signatures: the bytes of ${location} are not those of their hash`);
  if (toRecordId(asked, verdict) !== id) differences.push('id: it is not that of this decision');
  if (schema === 1 && !SCHEMA_1_VERIFIERS.some((start) => verdict.verifierVersion.startsWith(start))) {
    differences.push(`schema: ${verdict.verifierVersion} does not write schema 1, whose rule passes over images`);
  }
  if (firstDecidedAt !== verdict.decidedAt) differences.push('firstDecidedAt: it is not when the verdict was decided');
  differences.push(...listUnread().map((location) => `signatures: ${location} has no part in the decision`));
  return differences;
}

function checkAcceptance(recorded: Verdict, actual: Verdict, trust: PreparedTrust): readonly string[] {
  const differences: string[] = [];
  if (recorded.forced && trust.force === 'deny') differences.push('forced: the profile does not allow it');
  const needsSignature = recorded.outcome === 'accepted' && !recorded.forced && trust.verification === 'enabled';
  if (needsSignature && !actual.attempts.some(({ code }) => code === 'Verified')) {
    differences.push('outcome: accepted, and no signature in the record verifies');
  }
  return differences;
}

function listBelieved(
  { schema, asked, verdict }: VerdictRecord,
  replay: Replay,
  trust: PreparedTrust,
): readonly string[] {
  const { attempts, forced, mode, verifierVersion, digest } = verdict;
  const believed = attempts.filter(isStoreAttempt).map(({ location, code }) => `${location}: ${code}`);
  for (const { location, sha256 } of replay.withoutBytes) {
    believed.push(`${location}: a signature without its bytes, SHA-256 ${sha256}`);
  }
  believed.push(...verdict.reasons.filter(isTrustStale).map(({ message }) => `TrustStale: ${message}`));
  if (forced) believed.push('forced: the caller chose it; without force the verdict is not accepted');
  if (trust.verification === 'disabled') believed.push('nothing was verified: the profile says verification: disabled');
  if (mode !== trust.mode) believed.push(`the caller chose the mode ${mode}; the profile says ${trust.mode}`);
  if (verifierVersion !== VERIFIER_VERSION) believed.push(`decided by ${verifierVersion}, not by ${VERIFIER_VERSION}`);
  if (schema === 1) believed.push('decided before per-image rules: the images of an index were not looked at');
  if (digest !== undefined && !asked.pullspec.includes('@')) believed.push(`${asked.pullspec} stood for ${digest}`);
  return believed;
}

function isStale({ reasons }: Verdict): boolean {
  return reasons.some(isTrustStale);
}

function isTrustStale({ code }: Reason): boolean {
  return code === 'TrustStale';
}

function tryParse(text: string): Pullspec | InputError {
  try {
    return parsePullspec(text);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

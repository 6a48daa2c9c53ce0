import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { parsePlatform } from '../../base/names/platform.ts';
import { type Pullspec, parsePullspec } from '../../base/names/reference.ts';
import { startDeadline } from '../../platform/time/deadline.ts';
import type { PreparedTrust } from '../../trust/prepared/prepared-trust.ts';
import { MAX_CLOCK_STEP_MS } from '../../trust/prepared/profiles.ts';
import { toReadyTrust } from '../../trust/source/trust-source.ts';
import { decideImage } from '../decide/decide-image.ts';
import { toForcedVerdict } from '../decide/force.ts';
import { isStoreAttempt } from '../judge/requirement.ts';
import { type Reason, VERIFIER_VERSION, type Verdict } from '../judge/verdict.ts';
import { checkAsked } from './check-asked.ts';
import { compareVerdicts } from './compare-verdicts.ts';
import { createReplay, type Replay } from './replay-store.ts';
import { toRecordId, type VerdictRecord } from './verdict-record.ts';

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

/** Milliseconds for deciding from the evidence of a stored record before it is relied on. */
const CONFIRM_MS = 5000;

/**
 * What shows that a stored record is not the one of this decision, which was made by this trust: its evidence does not
 * lead to it, or it is of a time that has not come. Undefined if nothing does. Whatever the record makes fail, that too
 * is a fault of the record.
 *
 * @throws the reason of the signal
 */
export async function findRecordFault(
  stored: VerdictRecord,
  trust: PreparedTrust,
  now: Date,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (Date.parse(stored.firstDecidedAt) > now.getTime() + MAX_CLOCK_STEP_MS) return `it is of ${stored.firstDecidedAt}`;
  const toError = () => new StoreError('TimedOut', `not decided again within ${CONFIRM_MS} ms`);
  const deadline = startDeadline(signal, CONFIRM_MS, toError);
  try {
    const recheck = await recheckRecord(stored, trust, deadline.signal);
    return recheck.outcome === 'confirmed'
      ? undefined
      : (recheck.differences[0] ?? 'its evidence is of another decision');
  } catch (error) {
    signal.throwIfAborted();
    return `it cannot be decided again: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    deadline.clear();
  }
}

/**
 * The verdict that a trust leads to by the evidence of a record, at its time and without force: to compare one trust with
 * another. It says nothing of whether the record itself holds.
 *
 * @throws InputError when the evidence is not what it says, or is not all there and could decide
 */
export async function redecideRecord(
  record: VerdictRecord,
  trust: PreparedTrust,
  signal: AbortSignal = AbortSignal.timeout(RECHECK_MS),
): Promise<Verdict> {
  const replay = createReplay(record);
  const [swapped] = replay.swapped;
  if (swapped !== undefined) {
    throw new InputError('ArgumentInvalid', `the bytes of ${swapped} are not those of their hash`);
  }
  const verdict = await decideAgain(record, parsePullspec(record.verdict.pullspec), trust, replay, signal);
  const [absent] = replay.withoutBytes;
  if (absent !== undefined && verdict.outcome !== 'accepted') {
    throw new InputError('ArgumentInvalid', `it does not hold the bytes of ${absent.location}, which could decide`);
  }
  return verdict;
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
  const request = { pullspec, mode: verdict.mode, platforms, reader, judgedAs: verdict.judgedAs } as const;
  return (await decideImage(request, ready, dependencies)).verdict;
}

/** The versions that wrote schema 1: a later record that says so would be checked by the weaker rule. */
const SCHEMA_1_VERIFIERS = ['signet/0.0.', 'signet/0.1.'];

function checkRecord(record: VerdictRecord, { swapped, listUnread }: Replay): readonly string[] {
  const { asked, verdict, id, firstDecidedAt, schema, inPlaceOf } = record;
  const differences = swapped.map((location) => `signatures: the bytes of ${location} are not those of their hash`);
  if (toRecordId(asked, verdict, inPlaceOf) !== id) differences.push('id: it is not that of this decision');
  if (schema === 1 && !SCHEMA_1_VERIFIERS.some((start) => verdict.verifierVersion.startsWith(start))) {
    differences.push(`schema: ${verdict.verifierVersion} does not write schema 1, whose rule passes over images`);
  }
  if (firstDecidedAt !== verdict.decidedAt) differences.push('firstDecidedAt: it is not when the verdict was decided');
  differences.push(...listUnread().map((location) => `signatures: ${location} has no part in the decision`));
  return differences;
}

function checkAcceptance(recorded: Verdict, actual: Verdict, trust: PreparedTrust): readonly string[] {
  const differences: string[] = [];
  const { outcome, forced, judgedAs } = recorded;
  if (forced && trust.force === 'deny') differences.push('forced: the profile does not allow it');
  if (forced && judgedAs === 'component') differences.push('forced: no component is admitted by force');
  // What no policy covers is admitted without a signature where the profile only warns of it.
  const isWarnedOf = judgedAs === 'component' && trust.componentImages === 'warn';
  const needsSignature = outcome === 'accepted' && !forced && !isWarnedOf && trust.verification === 'enabled';
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

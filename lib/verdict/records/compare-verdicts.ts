import { isStoreAttempt } from '../judge/requirement.ts';
import type { Attempt, PolicyResult, Reason, Verdict } from '../judge/verdict.ts';
import type { RecordedSignature } from './verdict-record.ts';

/** What may differ although the record is right. */
export interface Tolerance {
  /** Signatures that could not be evaluated again. */
  readonly withoutBytes: readonly RecordedSignature[];
  /** The same may have been said in other words: codes are compared, sentences are not. */
  readonly otherWords: boolean;
  /** The record is of schema 1, whose attempts stand in another order. */
  readonly isBeforeImageRules: boolean;
}

const SAME: readonly (keyof Verdict)[] = [
  'judgedAs',
  'outcome',
  'forced',
  'pullspec',
  'canonicalPullspec',
  'digest',
  'profile',
  'mode',
  'trustRevision',
];

/** Where a recorded verdict is not what its evidence leads to, one sentence each. */
export function compareVerdicts(recorded: Verdict, actual: Verdict, tolerance: Tolerance): readonly string[] {
  return [
    ...compareMembers('verdict', recorded, actual, SAME),
    ...compareAttempts(recorded, actual, tolerance),
    ...(tolerance.isBeforeImageRules ? [] : compareMembers('verdict', recorded, actual, ['platforms', 'images'])),
    ...compareReasons(recorded, actual, tolerance),
    ...comparePolicies(recorded, actual, tolerance),
  ];
}

function compareAttempts(recorded: Verdict, actual: Verdict, tolerance: Tolerance): string[] {
  const { withoutBytes, otherWords, isBeforeImageRules } = tolerance;
  const words: readonly (keyof Attempt)[] = otherWords ? [] : ['message', 'note'];
  const members: readonly (keyof Attempt)[] = ['store', 'location', 'keyring', 'signer', 'image', 'code', ...words];
  const isChecked = (attempt: Attempt): boolean => !isStoreAttempt(attempt) && !isOfAny(withoutBytes, attempt);
  const toKey = (attempt: Attempt): string => JSON.stringify(members.map((member) => attempt[member] ?? null));
  const inOrder = (attempts: readonly Attempt[]): readonly Attempt[] =>
    isBeforeImageRules ? attempts.toSorted((one, other) => (toKey(one) < toKey(other) ? -1 : 1)) : attempts;
  const compare = (name: string, isIncluded: (attempt: Attempt) => boolean): string[] =>
    compareLists(
      name,
      inOrder(recorded.attempts.filter(isIncluded)),
      inOrder(actual.attempts.filter(isIncluded)),
      members,
    );
  return [...compare('store attempts', isStoreAttempt), ...compare('attempts', isChecked)];
}

function compareReasons(recorded: Verdict, actual: Verdict, { withoutBytes, otherWords }: Tolerance): string[] {
  const members: readonly (keyof Reason)[] = otherWords ? ['code'] : ['code', 'message', 'remedy'];
  // What signatures without bytes may have led to; their sentence may then be that of another signature. A yes that
  // holds without them has the reasons that it has.
  const left = actual.outcome === 'accepted' && !actual.forced ? [] : withoutBytes;
  const possible = new Set(recorded.attempts.filter((attempt) => isOfAny(left, attempt)).map(({ code }) => code));
  const said = new Set(recorded.reasons.map(({ code }) => code));
  const isSure = ({ code }: Reason): boolean => !possible.has(code);
  // Given only where there is no other reason.
  const isReplaced = ({ code }: Reason): boolean =>
    code === 'SignatureNotFound' && possible.size > 0 && !said.has(code);
  const expected = actual.reasons.filter((reason) => isSure(reason) && !isReplaced(reason));
  const lacking = actual.reasons.filter((reason) => !isSure(reason) && !said.has(reason.code));
  return [
    ...compareLists('reasons', recorded.reasons.filter(isSure), expected, members),
    ...lacking.map(({ code }) => `reasons: ${code} is not recorded`),
    ...compareLists('warnings', recorded.warnings, actual.warnings, members),
  ];
}

/**
 * Of an image one of whose signatures has no bytes here, what is not accepted can only be compared as far as it was
 * asked: that signature may have been the yes. What is accepted without it stays so with it.
 */
function comparePolicies(recorded: Verdict, actual: Verdict, { withoutBytes, otherWords }: Tolerance): string[] {
  const differences = compareLists('policies', recorded.policies ?? [], actual.policies ?? [], ASKED);
  for (const [index, one] of (recorded.policies ?? []).entries()) {
    const other = actual.policies?.[index];
    if (other === undefined) continue;
    const name = `policies ${index + 1}`;
    const isWhole = withoutBytes.every(({ image }) => image !== one.image);
    const isSure = ({ outcome }: Pick<PolicyResult, 'outcome'>): boolean => isWhole || outcome === 'accepted';
    if (isSure(other)) differences.push(...compareMembers(name, one, other, ['outcome']));
    const asked: readonly (keyof PolicyRequirementResult)[] = otherWords ? [] : ['requirement'];
    differences.push(...compareLists(`${name} requirements`, one.requirements, other.requirements, asked));
    for (const [at, requirement] of one.requirements.entries()) {
      const found = other.requirements[at];
      if (found === undefined || !isSure(found)) continue;
      const place = `${name} requirement ${at + 1}`;
      differences.push(...compareMembers(place, requirement, found, otherWords ? ['outcome'] : ['outcome', 'reasons']));
      if (otherWords)
        differences.push(...compareLists(`${place} reasons`, requirement.reasons, found.reasons, ['code']));
    }
  }
  return differences;
}

const ASKED: readonly (keyof PolicyResult)[] = ['document', 'image', 'scope'];

type PolicyRequirementResult = PolicyResult['requirements'][number];

function compareLists<T>(name: string, recorded: readonly T[], actual: readonly T[], members: readonly (keyof T)[]) {
  const differences: string[] = [];
  if (recorded.length !== actual.length) {
    differences.push(`${name}: ${recorded.length} recorded, ${actual.length} when re-checked`);
  }
  for (const [index, one] of recorded.entries()) {
    const other = actual[index];
    if (other !== undefined) differences.push(...compareMembers(`${name} ${index + 1}`, one, other, members));
  }
  return differences;
}

/** `JSON.stringify` of undefined is undefined, which tells an absent member from any other. */
export function compareMembers<T>(name: string, recorded: T, actual: T, members: readonly (keyof T)[]): string[] {
  return members
    .map((member) => ({ member, said: JSON.stringify(recorded[member]), found: JSON.stringify(actual[member]) }))
    .filter(({ said, found }) => said !== found)
    .map(({ member, said, found }) => `${name}: ${String(member)} is recorded as ${said}, and is ${found}`);
}

function isOfAny(signatures: readonly RecordedSignature[], { store, location, image }: Attempt): boolean {
  return signatures.some((one) => one.store === store && one.location === location && one.image === image);
}

import type { Attempt, PolicyResult, Reason, Verdict } from '../verification/verdict.ts';
import { isStoreAttempt } from './replay-store.ts';
import type { RecordedSignature } from './verdict-record.ts';

/** What may differ although the record is right. */
export interface Tolerance {
  /** Signatures that could not be evaluated again. */
  readonly withoutBytes: readonly RecordedSignature[];
  /** The same may have been said in other words: codes are compared, sentences are not. */
  readonly otherWords: boolean;
}

const SAME: readonly (keyof Verdict)[] = [
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
    ...compareReasons(recorded, actual, tolerance),
    ...comparePolicies(recorded, actual, tolerance),
  ];
}

function compareAttempts(recorded: Verdict, actual: Verdict, { withoutBytes, otherWords }: Tolerance): string[] {
  const words: readonly (keyof Attempt)[] = otherWords ? [] : ['message', 'note'];
  const members: readonly (keyof Attempt)[] = ['store', 'location', 'keyring', 'signer', 'image', 'code', ...words];
  const isChecked = (attempt: Attempt): boolean => !isStoreAttempt(attempt) && !isOfAny(withoutBytes, attempt);
  const compare = (name: string, isIncluded: (attempt: Attempt) => boolean): string[] =>
    compareLists(name, recorded.attempts.filter(isIncluded), actual.attempts.filter(isIncluded), members);
  return [...compare('store attempts', isStoreAttempt), ...compare('attempts', isChecked)];
}

function compareReasons(recorded: Verdict, actual: Verdict, { withoutBytes, otherWords }: Tolerance): string[] {
  const members: readonly (keyof Reason)[] = otherWords ? ['code'] : ['code', 'message', 'remedy'];
  // What signatures without bytes may have led to; their sentence may then be that of another signature.
  const possible = new Set(
    recorded.attempts.filter((attempt) => isOfAny(withoutBytes, attempt)).map(({ code }) => code),
  );
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

/** Of an image one of whose signatures has no bytes here, only what was asked of it can be compared. */
function comparePolicies(recorded: Verdict, actual: Verdict, { withoutBytes, otherWords }: Tolerance): string[] {
  const differences = compareLists('policies', recorded.policies ?? [], actual.policies ?? [], ASKED);
  for (const [index, one] of (recorded.policies ?? []).entries()) {
    const other = actual.policies?.[index];
    if (other === undefined) continue;
    const name = `policies ${index + 1}`;
    const isSure = withoutBytes.every(({ image }) => image !== one.image);
    if (isSure) differences.push(...compareMembers(name, one, other, ['outcome']));
    const members: readonly (keyof PolicyRequirementResult)[] = [
      ...(otherWords ? [] : (['requirement'] as const)),
      ...(isSure ? (['outcome'] as const) : []),
      ...(isSure && !otherWords ? (['reasons'] as const) : []),
    ];
    differences.push(...compareLists(`${name} requirements`, one.requirements, other.requirements, members));
    if (isSure && otherWords) {
      differences.push(...compareLists(`${name} reasons`, codesOf(one), codesOf(other), ['code']));
    }
  }
  return differences;
}

const ASKED: readonly (keyof PolicyResult)[] = ['document', 'image', 'scope'];

type PolicyRequirementResult = PolicyResult['requirements'][number];

function codesOf({ requirements }: PolicyResult): readonly Pick<Reason, 'code'>[] {
  return requirements.flatMap(({ reasons }) => reasons);
}

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

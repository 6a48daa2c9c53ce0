import { expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { evaluateCandidate, isInternalFault } from '../../../lib/base/errors/evaluate-candidate.ts';
import { SignatureError } from '../../../lib/base/errors/signature-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';

function rejectionOf(thrown: unknown) {
  const result = evaluateCandidate(() => {
    throw thrown;
  });
  if (result.kind !== 'rejected') throw new Error('it was evaluated');
  return result.rejection;
}

test('a value is the value, a rejection keeps its code, message and signer', () => {
  expect(evaluateCandidate(() => 7)).toEqual({ kind: 'evaluated', value: 7 });
  expect(rejectionOf(new SignatureError('KeyRevoked', 'revoked', { signer: 'AB' }))).toEqual({
    signer: 'AB',
    code: 'KeyRevoked',
    message: 'revoked',
  });
  expect(rejectionOf(new SignatureError('SignatureMalformed', 'cut short'))).toEqual({
    code: 'SignatureMalformed',
    message: 'cut short',
  });
});

const unreadable = Object.defineProperty(new Error('x'), 'message', {
  get: () => {
    throw new Error('again');
  },
});
const nested = (depth: number): number => nested(depth + 1) + 1;

test.each<[name: string, thrown: unknown, shown: string]>([
  ['a time beyond Date', new RangeError('Invalid time value'), 'RangeError: "Invalid time value"'],
  ['an error of ours, of another kind', new ConfigurationError('KeyUnreadable', 'k'), 'ConfigurationError: "k"'],
  ['one that says "retry" elsewhere', new StoreError('Unavailable', 's'), 'StoreError: "s"'],
  ['control characters and half a pair', new Error('a\n\ud83d'), 'Error: "a\\n\ufffd"'],
  ['a text', 'text', 'a thrown string: ""'],
  ['nothing', undefined, 'a thrown undefined: ""'],
  ['null', null, 'a thrown object: ""'],
  ['an object without a prototype', Object.create(null), 'a thrown object: ""'],
  ['an error that throws when it is read', unreadable, 'a thrown object: ""'],
])('what else is thrown is an internal fault: %s', (_, thrown, shown) => {
  const rejection = rejectionOf(thrown);
  expect(rejection).toEqual({
    code: 'SignatureMalformed',
    message: `an internal fault happened in reading it (${shown.slice(0, shown.lastIndexOf(': "'))})`,
    note: `internal fault: ${shown}; report it with the bytes at this location`,
  });
  expect(isInternalFault(rejection)).toBe(true);
});

test('a stack that overflows is a fault of its candidate, and what is said of it is bounded', () => {
  const result = evaluateCandidate(() => nested(0));
  expect(result).toMatchObject({ kind: 'rejected', rejection: { code: 'SignatureMalformed' } });
  expect(rejectionOf(new Error('x'.repeat(100_000))).note?.length).toBeLessThan(400);
});

test.each<[name: string, attempt: { code: string; note?: string }]>([
  ['a signature that verifies, with a note', { code: 'Verified', note: 'internal fault: none' }],
  ['another code', { code: 'KeyUnknown', note: 'internal fault: none' }],
  ['another note', { code: 'SignatureMalformed', note: 'current clusters cannot read it' }],
  ['no note', { code: 'SignatureMalformed' }],
])('no internal fault: %s', (_, attempt) => {
  expect(isInternalFault(attempt)).toBe(false);
});

test('an abort is no fault of the candidate: its reason goes on up', () => {
  const reason = new StoreError('TimedOut', 'the time is up');
  const run = (signal: AbortSignal) => () =>
    evaluateCandidate(() => {
      throw new TypeError('half-read');
    }, signal);
  expect(run(AbortSignal.abort(reason))).toThrow(reason);
  expect(run(new AbortController().signal)).not.toThrow();
});

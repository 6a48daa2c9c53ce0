import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import {
  MAX_LISTED,
  MAX_SENTENCE,
  toVerdictChangedEvent,
  toVerdictEvent,
  toVerdictSummary,
} from '../../../lib/push/verify/verdict-event.ts';
import type { Attempt, Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { DIGEST } from '../receive/parse/samples.ts';

const ID = 'a'.repeat(64);
const PREVIOUS_ID = 'b'.repeat(64);
const ASKED = { source: 'ecr', registry: 'r.example', repository: 'a', tag: 't', pullspec: `r.example/a@${DIGEST}` };
const verified: Attempt = { store: 's', location: 'l', keyring: 'k', signer: 'F1', code: 'Verified', message: 'good' };
const VERDICT: Verdict = {
  schema: 1,
  outcome: 'accepted',
  forced: false,
  pullspec: `r.example/a@${DIGEST}`,
  canonicalPullspec: `r.example/a@${DIGEST}`,
  digest: parseDigest(DIGEST),
  profile: 'ocp',
  mode: 'enforce',
  trustRevision: 'c'.repeat(64),
  verifierVersion: '0.1.0',
  reasons: [],
  warnings: [],
  attempts: [verified, { ...verified, store: 's2' }, { ...verified, signer: 'F2', code: 'KeyRevoked' }],
  decidedAt: '2026-01-31T12:00:00.000Z',
};
const REJECTED: Verdict = {
  ...VERDICT,
  outcome: 'rejected',
  reasons: [
    { code: 'SignatureNotFound', message: 'none', remedy: 'sign it' },
    { code: 'KeyRevoked', message: 'revoked' },
  ],
};

test('the event of a verdict says what was decided, and by whose signature', () => {
  const { attempts: _, schema: __, ...decided } = VERDICT;
  expect(toVerdictEvent(VERDICT, ID, ASKED)).toEqual({
    detailType: 'Signet Verdict',
    detail: { schema: 1, recordId: ID, asked: ASKED, ...decided, signers: ['F1'] },
  });
});

test('the event is small whatever the verdict', () => {
  const reason = { code: 'StoreUnavailable', message: '🔑'.repeat(100_000), remedy: 'y'.repeat(100_000) } as const;
  const many = Array.from({ length: 1_000 }, () => reason);
  const attempts = many.map((_, index): Attempt => ({ ...verified, signer: `F${index}`, message: reason.message }));
  const { detail } = toVerdictEvent({ ...REJECTED, reasons: many, warnings: many, attempts }, ID, ASKED);
  expect([detail.reasons.length, detail.warnings.length, detail.signers.length]).toEqual(Array(3).fill(MAX_LISTED));
  expect(detail.reasons[0]?.message).toBe(`${'🔑'.repeat(MAX_SENTENCE - 1)}…`);
  // An entry on the bus has at most 256 KiB.
  expect(Buffer.byteLength(JSON.stringify(detail))).toBeLessThan(128 * 1024);
});

test('a sentence at the limit is whole', () => {
  const reasons = [{ code: 'KeyRevoked', message: 'x'.repeat(MAX_SENTENCE) }] as const;
  expect(toVerdictEvent({ ...REJECTED, reasons }, ID, ASKED).detail.reasons).toEqual(reasons);
});

describe('the event of a changed verdict', () => {
  const reversed = { ...REJECTED, reasons: REJECTED.reasons.toReversed().map((one) => ({ ...one, message: 'other' })) };
  test.each<[string, Verdict, Verdict, boolean]>([
    ['the same', VERDICT, VERDICT, false],
    [
      'the same by another trust revision, later',
      VERDICT,
      { ...VERDICT, trustRevision: 'd', decidedAt: 'later' },
      false,
    ],
    ['the same reasons in other words and order', REJECTED, reversed, false],
    ['another outcome', VERDICT, REJECTED, true],
    ['another outcome, back', REJECTED, VERDICT, true],
    ['accepted, and now by force', VERDICT, { ...VERDICT, forced: true }, true],
    ['other reasons', REJECTED, { ...REJECTED, reasons: REJECTED.reasons.slice(1) }, true],
  ])('%s', (_, before, after, isChanged) => {
    const event = toVerdictEvent(after, ID, ASKED);
    const previous = toVerdictSummary(before, PREVIOUS_ID);
    const expected = { detailType: 'Signet Verdict Changed', detail: { ...event.detail, previous } };
    expect(toVerdictChangedEvent(after, event, previous)).toEqual(isChanged ? expected : undefined);
  });

  test('more reasons than are listed are compared all the same', () => {
    const codes = ['KeyRevoked', 'KeyExpired'] as const;
    const reasons = Array.from({ length: MAX_LISTED }, () => ({ code: codes[0], message: '' }));
    const before = { ...REJECTED, reasons };
    const after = { ...REJECTED, reasons: [...reasons, { code: codes[1], message: '' }] };
    const event = toVerdictEvent(after, ID, ASKED);
    expect(toVerdictChangedEvent(after, event, toVerdictSummary(before, PREVIOUS_ID))).toBeDefined();
  });
});

import { expect, test } from 'vitest';
import { SETTLE_MS, type SweepState, toNextSweep } from '../../../lib/push/reverify/sweep-state.ts';
import { VERIFIER_VERSION } from '../../../lib/verdict/judge/verdict.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const before = (milliseconds: number): string => new Date(NOW.getTime() - milliseconds).toISOString();
const WEEK = 7 * 24 * 60 * 60 * 1000;
const DONE: SweepState = {
  schema: 2,
  verifierVersion: VERIFIER_VERSION,
  phase: 'done',
  revisions: { ocp: 'a', okd: 'b' },
  profiles: [],
  startedAt: before(WEEK / 2),
  fullAt: before(WEEK / 2),
  settling: [],
};
const BOTH = ['ocp', 'okd'];
const trustOf = (revisions: Readonly<Record<string, string>>, profiles: readonly string[] = BOTH) => ({
  profiles,
  revisions,
  republished: [] as string[],
});
const CURRENT = trustOf({ ocp: 'a', okd: 'b' });

test.each<[string, SweepState | undefined, ReturnType<typeof trustOf>, object]>([
  [
    'never swept',
    undefined,
    CURRENT,
    { kind: 'sweep', isNew: true, state: { profiles: BOTH, settling: BOTH, fullAt: NOW.toISOString() } },
  ],
  ['done, and nothing changed', DONE, CURRENT, { kind: 'idle' }],
  [
    'done by an earlier version: everything is asked once more',
    { ...DONE, verifierVersion: 'signet/0.0.1' },
    CURRENT,
    { kind: 'sweep', isNew: true, state: { profiles: BOTH, settling: [], verifierVersion: VERIFIER_VERSION } },
  ],
  [
    'done by a version that did not say which',
    { ...DONE, schema: 1, verifierVersion: undefined },
    CURRENT,
    { kind: 'sweep', isNew: true, state: { schema: 2, profiles: BOTH } },
  ],
  [
    'one revision changed: it will be swept again, and the week goes on',
    DONE,
    trustOf({ ocp: 'a', okd: 'c' }),
    {
      kind: 'sweep',
      isNew: true,
      state: { profiles: ['okd'], settling: ['okd'], revisions: { okd: 'c' }, phase: 'accepted', fullAt: DONE.fullAt },
    },
  ],
  [
    'one was published again, and its revision is the same: what was accepted in between is asked again',
    DONE,
    { ...CURRENT, republished: ['okd'] },
    {
      kind: 'sweep',
      isNew: true,
      state: { profiles: ['okd'], settling: ['okd'], revisions: CURRENT.revisions, fullAt: DONE.fullAt },
    },
  ],
  [
    'changed trust has not settled yet',
    { ...DONE, settling: ['okd'], startedAt: before(SETTLE_MS - 1) },
    CURRENT,
    { kind: 'idle' },
  ],
  [
    'changed trust has settled',
    { ...DONE, settling: ['okd'], startedAt: before(SETTLE_MS) },
    CURRENT,
    { kind: 'sweep', isNew: true, state: { profiles: ['okd'], settling: [], fullAt: DONE.fullAt } },
  ],
  [
    'another changes while one settles',
    { ...DONE, settling: ['okd'], startedAt: before(1) },
    trustOf({ ocp: 'x', okd: 'b' }),
    { kind: 'sweep', state: { profiles: ['ocp'], settling: BOTH } },
  ],
  ['a profile is new', DONE, trustOf({ ...CURRENT.revisions, x: 'y' }, [...BOTH, 'x']), { state: { profiles: ['x'] } }],
  // Nothing vouches any more for what it had mirrored.
  [
    'a profile is gone',
    DONE,
    trustOf({ ocp: 'a' }, ['ocp']),
    { kind: 'sweep', isNew: true, state: { profiles: [], revisions: { ocp: 'a' } } },
  ],
  ['a profile cannot be read', DONE, trustOf({ ocp: 'a' }), { kind: 'idle' }],
  [
    'a profile cannot be read, and another changed',
    DONE,
    trustOf({ ocp: 'x' }),
    { kind: 'sweep', state: { profiles: ['ocp'], revisions: { ocp: 'x', okd: 'b' } } },
  ],
  ['a week is over', { ...DONE, fullAt: before(WEEK) }, CURRENT, { state: { profiles: BOTH, settling: [] } }],
  ['a week is not over', { ...DONE, fullAt: before(WEEK - 1) }, CURRENT, { kind: 'idle' }],
  [
    'a week is over for all, though one was swept since',
    { ...DONE, fullAt: before(WEEK), startedAt: before(1) },
    CURRENT,
    { kind: 'sweep', isNew: true, state: { profiles: BOTH } },
  ],
  ['the clock was set back', { ...DONE, fullAt: before(-1) }, CURRENT, { kind: 'sweep', isNew: true }],
  [
    'not finished',
    { ...DONE, phase: 'mirror', cursor: 'signatures/x' },
    CURRENT,
    { kind: 'sweep', isNew: false, state: { phase: 'mirror', cursor: 'signatures/x' } },
  ],
  [
    'not finished, and another profile changed: both are queued',
    { ...DONE, phase: 'accepted', profiles: ['ocp'], cursor: 'f' },
    trustOf({ ocp: 'a', okd: 'c' }),
    { kind: 'sweep', isNew: true, state: { profiles: BOTH } },
  ],
  ['leased', { ...DONE, phase: 'mirror', leasedUntil: before(-1000) }, trustOf({ ocp: 'x' }), { kind: 'busy' }],
  ['the lease is over', { ...DONE, phase: 'mirror', leasedUntil: before(0) }, CURRENT, { kind: 'sweep', isNew: false }],
])('%s', (_, last, trust, expected) => {
  expect(toNextSweep(last, trust, NOW)).toMatchObject(expected);
});

test('a new sweep has no cursor of the old one', () => {
  const next = toNextSweep({ ...DONE, cursor: 'x' }, trustOf({ ocp: 'new', okd: 'b' }), NOW);
  expect(next).toMatchObject({ kind: 'sweep' });
  expect(next).not.toHaveProperty('state.cursor');
});

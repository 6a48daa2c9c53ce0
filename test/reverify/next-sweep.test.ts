import { expect, test } from 'vitest';
import { toNextSweep } from '../../lib/reverify/next-sweep.ts';
import type { SweepState } from '../../lib/reverify/sweep-state.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const DONE: SweepState = {
  schema: 1,
  phase: 'done',
  revisions: { ocp: 'a', okd: 'b' },
  profiles: [],
  startedAt: '2026-11-20T00:00:00Z',
};
const before = (milliseconds: number): string => new Date(NOW.getTime() - milliseconds).toISOString();
const WEEK = 7 * 24 * 60 * 60 * 1000;
const CURRENT = { ocp: 'a', okd: 'b' };

test.each<[string, SweepState | undefined, Record<string, string>, object]>([
  ['never swept', undefined, CURRENT, { kind: 'sweep', isNew: true, state: { profiles: ['ocp', 'okd'] } }],
  ['done, and nothing changed', DONE, CURRENT, { kind: 'idle' }],
  [
    'one revision changed',
    DONE,
    { ocp: 'a', okd: 'c' },
    { kind: 'sweep', isNew: true, state: { profiles: ['okd'], revisions: { okd: 'c' }, phase: 'accepted' } },
  ],
  ['a profile is new', DONE, { ...CURRENT, x: 'y' }, { kind: 'sweep', state: { profiles: ['x'] } }],
  // Nothing vouches any more for what it had mirrored.
  [
    'a profile is gone',
    DONE,
    { ocp: 'a' },
    { kind: 'sweep', isNew: true, state: { profiles: [], revisions: { ocp: 'a' } } },
  ],
  ['a week is over', { ...DONE, startedAt: before(WEEK) }, CURRENT, { state: { profiles: ['ocp', 'okd'] } }],
  ['a week is not over', { ...DONE, startedAt: before(WEEK - 1) }, CURRENT, { kind: 'idle' }],
  ['the clock was set back', { ...DONE, startedAt: before(-1) }, CURRENT, { kind: 'sweep', isNew: true }],
  [
    'not finished',
    { ...DONE, phase: 'mirror', cursor: 'signatures/x' },
    CURRENT,
    { kind: 'sweep', isNew: false, state: { phase: 'mirror', cursor: 'signatures/x' } },
  ],
  [
    'not finished, and another profile changed: both are queued',
    { ...DONE, phase: 'accepted', profiles: ['ocp'], cursor: 'f' },
    { ocp: 'a', okd: 'c' },
    { kind: 'sweep', isNew: true, state: { profiles: ['ocp', 'okd'] } },
  ],
  ['leased', { ...DONE, phase: 'mirror', leasedUntil: before(-1000) }, { ocp: 'x' }, { kind: 'busy' }],
  ['the lease is over', { ...DONE, phase: 'mirror', leasedUntil: before(0) }, CURRENT, { kind: 'sweep', isNew: false }],
])('%s', (_, last, revisions, expected) => {
  expect(toNextSweep(last, revisions, NOW)).toMatchObject(expected);
});

test('a new sweep has no cursor of the old one', () => {
  const next = toNextSweep({ ...DONE, cursor: 'x' }, { ocp: 'new', okd: 'b' }, NOW);
  expect(next).toMatchObject({ kind: 'sweep' });
  expect(next).not.toHaveProperty('state.cursor');
});

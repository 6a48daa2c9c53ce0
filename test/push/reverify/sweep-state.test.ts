import { describe, expect, test } from 'vitest';
import { readSweep, type SweepState, writeSweep } from '../../../lib/push/reverify/sweep-state.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';

const STATE: SweepState = {
  schema: 1,
  phase: 'mirror',
  revisions: { ocp: 'a', constructor: 'b' },
  profiles: ['ocp', 'constructor'],
  cursor: 'sha256-8a9e',
  startedAt: '2026-11-22T12:00:00.000Z',
  fullAt: '2026-11-22T12:00:00.000Z',
  settling: [],
  leasedUntil: '2026-11-22T12:06:00.000Z',
};

describe('the state of a sweep', () => {
  test('is read as it was written, whatever its profiles are called', async () => {
    const objects = createMemoryObjectStore();
    expect((await writeSweep(objects, STATE, undefined))?.state).toEqual(STATE);
    expect((await readSweep(objects))?.state).toEqual(STATE);
  });

  test.each<[name: string, change: object, code: string]>([
    ['a newer schema', { schema: 3 }, 'SchemaUnsupported'],
    ['no schema', { schema: undefined }, 'RevisionInvalid'],
    ['another phase', { phase: 'paused' }, 'RevisionInvalid'],
    ['an array of revisions', { revisions: [] }, 'RevisionInvalid'],
    ['a revision that is a number', { revisions: { ocp: 1 } }, 'RevisionInvalid'],
    ['a revision of `constructor` that is an object', { revisions: { constructor: {} } }, 'RevisionInvalid'],
    ['no revisions', { revisions: undefined }, 'RevisionInvalid'],
    ['a profile that is a number', { profiles: [1] }, 'RevisionInvalid'],
    ['a cursor that is null', { cursor: null }, 'RevisionInvalid'],
    ['a start in no time zone', { startedAt: '2026-11-22T12:00:00' }, 'RevisionInvalid'],
    ['a lease until no day', { leasedUntil: '2026-11-31T12:00:00Z' }, 'RevisionInvalid'],
    ['an unknown member', { more: 1 }, 'RevisionInvalid'],
  ])('is refused with %s', async (_, change, code) => {
    const text = JSON.stringify({ ...STATE, ...change });
    const objects = createMemoryObjectStore([['reverify/state.json', Buffer.from(text)]]);
    await expect(readSweep(objects)).rejects.toMatchObject({ name: 'ConfigurationError', code });
  });
});

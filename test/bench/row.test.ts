import { describe, expect, test } from 'vitest';
import { type Comparison, formatRows, isShort, median, type Row, type RowState, stateOf } from '../../bench/row.ts';

const AT_LEAST = { kind: 'at least', ratio: 0.6 } as const;
const AT_MOST = { kind: 'at most', ratio: 3 } as const;

function row(ours: number, first: Partial<Comparison>, others: readonly Partial<Comparison>[] = []): Row {
  const complete = (given: Partial<Comparison>): Comparison => ({ beside: 'a peer', theirs: undefined, ...given });
  return { name: 'a row', unit: '/s', ours, ...complete(first), others: others.map(complete) };
}

describe('a row', () => {
  test.each<readonly [string, Row, RowState, boolean]>([
    ['reaches its goal exactly', row(60, { theirs: 100, goal: AT_LEAST }), 'reached', false],
    ['misses its goal by little', row(59.9, { theirs: 100, goal: AT_LEAST }), 'missed', true],
    ['may take so many times as long', row(300, { theirs: 100, goal: AT_MOST }), 'reached', false],
    ['takes longer than that', row(301, { theirs: 100, goal: AT_MOST }), 'missed', true],
    ['has a goal and no peer', row(60, { goal: AT_LEAST }), 'not run', true],
    ['has a goal and a figure that is not known', row(Number.NaN, { theirs: 1, goal: AT_MOST }), 'not run', true],
    ['has a goal beside nothing', row(1, { theirs: 0, goal: AT_MOST }), 'not run', true],
    ['must count none', row(0, { theirs: 5, goal: { kind: 'at most', ratio: 0 } }), 'reached', false],
    ['counted one', row(1, { theirs: 5, goal: { kind: 'at most', ratio: 0 } }), 'missed', true],
    ['has no goal', row(1, { theirs: 100 }), 'no goal', false],
    ['has no goal and no peer', row(1, {}), 'not run', false],
    [
      'has a second peer without goal that is missing',
      row(60, { theirs: 100, goal: AT_LEAST }, [{}]),
      'reached',
      false,
    ],
    ['misses the goal of its second peer', row(60, { theirs: 100 }, [{ theirs: 10, goal: AT_MOST }]), 'missed', true],
    [
      'lacks the peer of its second goal',
      row(60, { theirs: 100, goal: AT_LEAST }, [{ goal: AT_LEAST }]),
      'not run',
      true,
    ],
    [
      'misses one goal and lacks the peer of another',
      row(1, { goal: AT_LEAST }, [{ theirs: 100, goal: AT_LEAST }]),
      'missed',
      true,
    ],
  ])('that %s', (_, given, state, short) => {
    expect(stateOf(given)).toBe(state);
    expect(isShort(given)).toBe(short);
  });

  test('is printed with a line for each peer, and says why one did not run', () => {
    const printed = formatRows([
      row(1234.5, { beside: 'openssl', theirs: 2469, goal: AT_LEAST }, [
        { beside: 'skopeo', missing: 'there is none' },
      ]),
    ]);
    const lines = printed.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines).toEqual([
      ['what', 'Signet', 'beside', 'it', 'ratio', 'goal'],
      ['a row', '1,235 /s', 'openssl', '2,469 /s', '0.50', '≥ 0.6', 'missed'],
      ['', 'skopeo', 'not run: there is none', '-', '-', 'not run'],
    ]);
  });
});

test.each([
  ['one', [3], 3],
  ['an odd count', [9, 1, 5], 5],
  ['an even count', [1, 2, 4, 9], 3],
  ['none', [], Number.NaN],
])('median of %s', (_, values, expected) => {
  expect(median(values)).toBe(expected);
});

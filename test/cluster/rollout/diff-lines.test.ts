import { expect, test } from 'vitest';
import { diffLines, MAX_DIFF_LINES } from '../../../lib/cluster/rollout/diff-lines.ts';

const many = Array.from({ length: 100 }, (_, index) => `${index}`);

test.each<[string, string, string, readonly string[]]>([
  ['the same', 'a\nb', 'a\nb', []],
  ['a line changed, with two around', '1\n2\n3\n4\n5\n6', '1\n2\n3\nx\n5\n6', [' 2', ' 3', '-4', '+x', ' 5', ' 6']],
  ['a line added', 'a\nc', 'a\nb\nc', [' a', '+b', ' c']],
  ['a line removed', 'a\nb\nc', 'a\nc', [' a', '-b', ' c']],
  ['lines moved', 'a\nb\nc', 'c\na\nb', ['+c', ' a', ' b', '-c']],
  ['a final line feed', 'a', 'a\n', [' a', '+']],
  ['carriage returns', 'a\n', 'a\r\n', ['-a', '+a\r', ' ']],
  ['all of it', '', 'x', ['-', '+x']],
])('%s', (_, expected, found, lines) => {
  expect(diffLines(expected, found)).toEqual(lines);
});

test('no more lines than anybody reads', () => {
  const lines = diffLines(many.join('\n'), many.map((line) => `x${line}`).join('\n'));
  expect(lines).toHaveLength(MAX_DIFF_LINES + 1);
  expect(lines.at(-1)).toBe('… 160 more lines');
});

test('long texts are compared without a table of their product', () => {
  const long = Array.from({ length: 5_000 }, (_, index) => `${index}`);
  expect(diffLines(long.join('\n'), long.toReversed().join('\n'))).toHaveLength(MAX_DIFF_LINES + 1);
});

import { expect, test } from 'vitest';
import { parseLabelSelector } from '../../../../lib/cluster/render/admission/label-selector.ts';

test.each([
  ['env=prod', { matchLabels: { env: 'prod' } }],
  ['env==prod,tier=a', { matchLabels: { env: 'prod', tier: 'a' } }],
  ['a=', { matchLabels: { a: '' } }],
  ['a!=b', { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] }],
  ['x.example/a in (b, c)', { matchExpressions: [{ key: 'x.example/a', operator: 'In', values: ['b', 'c'] }] }],
  [
    'a notin (b),!c, d',
    {
      matchExpressions: [
        { key: 'a', operator: 'NotIn', values: ['b'] },
        { key: 'c', operator: 'DoesNotExist' },
        { key: 'd', operator: 'Exists' },
      ],
    },
  ],
  [
    'a=b,a=c',
    {
      matchExpressions: [
        { key: 'a', operator: 'In', values: ['b'] },
        { key: 'a', operator: 'In', values: ['c'] },
      ],
    },
  ],
])('%s', (text, expected) => {
  expect(parseLabelSelector(text, '--object-selector')).toEqual(expected);
});

test.each([
  '',
  ',',
  'a,',
  'a b',
  'a in b',
  'a in (b',
  'a=b c',
  '=b',
  '!',
  'a=(b)',
  '-a=b',
  'A/b=c',
  `a=${'b'.repeat(64)}`,
  'a,'.repeat(40),
])('%j is no selector', (text) => {
  expect(() => parseLabelSelector(text, '--object-selector')).toThrow('--object-selector');
});

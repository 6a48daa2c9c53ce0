import { describe, expect, test } from 'vitest';
import { createEventCounts, WATCHED_EVENTS } from '../../../local/metrics/count-events.ts';
import { chooseExposition, type Family, formatFamilies } from '../../../local/metrics/exposition.ts';
import { parseExposition } from './parse-exposition.ts';

const hostile = 'a"b\\c\nd{e="f"} 1\n# EOF';
const families: readonly Family[] = [
  {
    name: 'x_age_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: `age ${hostile}`,
    samples: [{ labels: {}, value: 0.5 }],
  },
  { name: 'x_things', kind: 'counter', help: 'things', samples: [{ labels: { who: hostile, how: '' }, value: 3 }] },
  { name: 'x_none', kind: 'gauge', help: 'unknown', samples: [] },
];

describe('what is exposed', () => {
  test.each(['openmetrics', 'text'] as const)('as %s is read back as it was, whatever the labels say', (exposition) => {
    const read = parseExposition(formatFamilies(families, exposition), exposition);
    expect(read).toEqual([
      { name: 'x_age_seconds', type: 'gauge', labels: {}, value: 0.5 },
      { name: 'x_things_total', type: 'counter', labels: { who: hostile, how: '' }, value: 3 },
    ]);
  });

  test.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['application/openmetrics-text;version=1.0.0,text/plain;q=0.5', 'openmetrics'],
    ['text/plain, application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-texts', 'text'],
  ])('for %s is %s', (accept, expected) => {
    expect(chooseExposition(accept)).toBe(expected);
  });

  test('no name of a label is made of text', () => {
    const family: Family = { name: 'x', kind: 'gauge', help: '', samples: [{ labels: { 'a"b': '' }, value: 1 }] };
    expect(() => formatFamilies([family], 'text')).toThrow(TypeError);
  });
});

test('counts are kept by function, verdicts by source and outcome, and what alerts look at begins at zero', () => {
  const counts = createEventCounts();
  const telemetry = counts.createTelemetry('verify-image');
  telemetry.count('Verified.accepted');
  telemetry.count('Verified.accepted');
  telemetry.count('WebhookRefused', 3);
  telemetry.count('constructor.x');
  telemetry.flush();
  const read = parseExposition(formatFamilies(counts.toFamilies(), 'openmetrics'), 'openmetrics');
  const of = (labels: Readonly<Record<string, string>>) =>
    read.find((one) => JSON.stringify(one.labels) === JSON.stringify(labels))?.value;
  expect(of({ source: 'api', outcome: 'accepted' })).toBe(2);
  expect(of({ source: 'push', outcome: 'rejected' })).toBe(0);
  expect(of({ service: 'verify-image', event: 'WebhookRefused' })).toBe(3);
  for (const event of WATCHED_EVENTS) expect(of({ service: 'verify-image', event })).toBeGreaterThanOrEqual(0);
});

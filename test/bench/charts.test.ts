import { describe, expect, test } from 'vitest';
import { toBarChart } from '../../bench/charts/bar-chart.ts';
import { replaceResults } from '../../bench/charts/result-tables.ts';
import { toCharts } from '../../bench/charts/to-charts.ts';
import { toReport } from '../../bench/report.ts';
import type { Row } from '../../bench/row.ts';

const ROW: Row = {
  id: 'verify-p256',
  name: 'verify <one> & "only"',
  unit: '/s',
  ours: 50,
  beside: 'openssl (limit)',
  theirs: 100,
  others: [{ beside: 'library-go’s core (Go)', theirs: undefined, missing: 'there is no Go' }],
};
const REPORT = toReport([{ name: 'verification', rows: [ROW] }], 'full', new Date('2026-11-22T00:00:00Z'));
const DOCUMENT = 'before\n<!-- results: written by bench/charts.ts -->\nold\n<!-- end of results -->\nafter\n';
const TOKEN = /<(\/?)([a-z]+)((?: [a-zA-Z:-]+="[^"<&]*(?:&(?:amp|lt|gt|quot);[^"<&]*)*")*)(\/?)>|([^<]+)/gy;

/** Reads XML as this project writes it: elements, quoted attributes, escaped text. @throws Error for anything else */
function verifyWellFormed(xml: string): readonly string[] {
  const open: string[] = [];
  const seen: string[] = [];
  let at = 0;
  for (const match of xml.matchAll(TOKEN)) {
    at = match.index + match[0].length;
    const [, close, name = '', , empty, text] = match;
    if (text !== undefined) {
      if (/&(?!(?:amp|lt|gt|quot);)/.test(text)) throw new Error(`an ampersand stands alone: ${text}`);
    } else if (close === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
    } else {
      seen.push(name);
      if (empty !== '/') open.push(name);
    }
  }
  if (at !== xml.length || open.length > 0) throw new Error(`not well-formed at ${at}, open: ${open.join()}`);
  return seen;
}

describe('a chart', () => {
  const [named] = toCharts(REPORT);

  test('is well-formed, with a bar for each figure and a word for what did not run', () => {
    const svg = toBarChart(named?.chart ?? { title: '', unit: '', note: '', groups: [] });
    const names = verifyWellFormed(svg);
    expect(names[0]).toBe('svg');
    expect(names.filter((name) => name === 'rect')).toHaveLength(1 + 2);
    expect(svg).toContain('verify &lt;one&gt; &amp; &quot;only&quot;');
    expect(svg).toContain('>not run</text>');
  });

  test('has bars of one scale', () => {
    const svg = toBarChart(named?.chart ?? { title: '', unit: '', note: '', groups: [] });
    const widths = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect(widths).toHaveLength(2);
    expect(widths[0]).toBeCloseTo((widths[1] ?? 0) / 2, 0);
  });

  test('tells the limit from peers and from Signet', () => {
    expect(named?.name).toBe('verification');
    expect(named?.chart.groups[0]?.bars.map(({ kind }) => kind)).toEqual(['signet', 'limit', 'peer']);
  });

  test('of a quick run says so', () => {
    expect(toCharts({ ...REPORT, effort: 'quick' })[0]?.chart.note).toContain('noise');
  });

  test('is not made of rows that did not run', () => {
    expect(toCharts(toReport([], 'full', new Date(0)))).toEqual([]);
  });

  test.each([
    ['an element that is not closed', '<svg><text>a</svg>'],
    ['an ampersand', '<svg>a & b</svg>'],
    ['an attribute without quotes', '<svg width=1></svg>'],
    ['an end that is missing', '<svg>'],
  ])('with %s would be noticed', (_, xml) => {
    expect(() => verifyWellFormed(xml)).toThrow();
  });
});

describe('the results of a document', () => {
  test('replace what stood there, and nothing else', () => {
    const once = replaceResults(DOCUMENT, REPORT, ['verification']);
    expect(once).toMatch(/^before\n/);
    expect(once).toMatch(/\nafter\n$/);
    expect(once).not.toContain('old');
    expect(once).toContain('![verification](performance/verification.svg)');
    expect(once).toContain('| not run: there is no Go | - | - | not run |');
    expect(replaceResults(once, REPORT, ['verification'])).toBe(once);
  });

  test('of a quick run are marked', () => {
    expect(replaceResults(DOCUMENT, { ...REPORT, effort: 'quick' }, [])).toContain('**This was a quick run');
    expect(replaceResults(DOCUMENT, REPORT, [])).not.toContain('quick');
  });

  test('need their place', () => {
    expect(() => replaceResults('no marks', REPORT, [])).toThrow('has no place for results');
  });
});

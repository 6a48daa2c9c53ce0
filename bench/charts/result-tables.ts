import type { Report } from '../report.ts';
import { describeRun } from '../results-file.ts';
import { comparisonsOf, formatFigure, toCells } from '../row.ts';

const START = '<!-- results: written by bench/charts.ts -->';
const END = '<!-- end of results -->';

/** A document with what stands between its two marks replaced by the results. @throws Error without the marks */
export function replaceResults(document: string, report: Report, charts: readonly string[]): string {
  const start = document.indexOf(START);
  const end = document.indexOf(END);
  if (start < 0 || end < start) throw new Error(`the document has no place for results: ${START} … ${END}`);
  const results = formatResults(report, charts).join('\n');
  return `${document.slice(0, start)}${START}\n\n${results}\n${document.slice(end)}`;
}

function formatResults(report: Report, charts: readonly string[]): readonly string[] {
  return [
    describeRun(report),
    '',
    ...charts.flatMap((name) => [`![${name}](performance/${name}.svg)`, '']),
    ...report.sections.flatMap(({ name, rows }) => [
      `### ${name}`,
      '',
      '| what | Signet | beside | it | ratio | goal | |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      ...rows.flatMap((row) =>
        comparisonsOf(row).map((comparison, index) => {
          const own = index === 0 ? [row.name, formatFigure(row.ours, row.unit)] : ['', ''];
          return `| ${[...own, ...toCells(row, comparison)].map(escapeCell).join(' | ')} |`;
        }),
      ),
      '',
    ]),
  ];
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|');
}

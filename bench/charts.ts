import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatDocument } from '../scripts/format-documents.ts';
import { toBarChart } from './charts/bar-chart.ts';
import { replaceResults } from './charts/result-tables.ts';
import { toCharts } from './charts/to-charts.ts';
import { readResults } from './results-file.ts';

// `node bench/charts.ts [RESULTS]` draws docs/performance/*.svg and writes the results into docs/performance.md.
const DOCS = path.join(import.meta.dirname, '../docs');
const DOCUMENT = path.join(DOCS, 'performance.md');

const report = readResults(process.argv[2]);
const charts = toCharts(report);
mkdirSync(path.join(DOCS, 'performance'), { recursive: true });
for (const { name, chart } of charts) writeFileSync(path.join(DOCS, 'performance', `${name}.svg`), toBarChart(chart));
const names = charts.map(({ name }) => name);
writeFileSync(DOCUMENT, formatDocument(replaceResults(readFileSync(DOCUMENT, 'utf8'), report, names)));

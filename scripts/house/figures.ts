import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { listDocuments } from '../format-documents.ts';
import { findComparisons, OUTCOME_MODULE } from './comparisons.ts';
import { countLines, filesImportedBy, findCycles, fromRoot, LIB, listFiles, listSources, ROOT } from './sources.ts';

/** A figure of the house, its goal, and what it was counted from. */
export interface Figure {
  readonly id: string;
  readonly name: string;
  readonly value: number;
  readonly goal: { readonly kind: 'at most' | 'at least' | 'exactly'; readonly value: number };
  /** What was counted, where a reader would want to see it: files, cycles, the longest row. */
  readonly found: readonly string[];
}

const MAX_FILES = 18;
const MAX_LINES = 220;
const SMALL_LINES = 25;
export function isMet({ value, goal }: Pick<Figure, 'value' | 'goal'>): boolean {
  if (goal.kind === 'exactly') return value === goal.value;
  return goal.kind === 'at most' ? value <= goal.value : value >= goal.value;
}

/** The figures that are counted from the files alone. */
export function countFigures(): readonly Figure[] {
  return [...countLib(), ...countAll(), ...countDocuments()];
}

function countLib(): readonly Figure[] {
  const rooms = readdirSync(LIB);
  const lines = listFiles(LIB)
    .map((file) => ({ file: fromRoot(file), lines: countLines(file) }))
    .toSorted((one, other) => one.lines - other.lines);
  const small = lines.filter((each) => each.lines < SMALL_LINES);
  return [
    { id: 'rooms', name: 'rooms in lib/', value: rooms.length, goal: { kind: 'exactly', value: 12 }, found: rooms },
    { id: 'files', name: 'files in lib/', value: lines.length, goal: { kind: 'at most', value: 430 }, found: [] },
    {
      id: 'median-lines',
      name: 'median lines of a file in lib/',
      value: lines[Math.floor((lines.length - 1) / 2)]?.lines ?? 0,
      goal: { kind: 'at least', value: 70 },
      found: [],
    },
    {
      id: 'small-files',
      name: `files in lib/ under ${SMALL_LINES} lines`,
      value: small.length,
      goal: { kind: 'at most', value: 35 },
      found: small.map((each) => `${each.file} (${each.lines})`),
    },
  ];
}

function countAll(): readonly Figure[] {
  const all = listSources();
  const full = [...Map.groupBy(all, (file) => fromRoot(path.dirname(file)))].filter(
    ([, files]) => files.length > MAX_FILES,
  );
  const long = all.filter((file) => countLines(file) > MAX_LINES);
  const cycles = findCycles(all, filesImportedBy);
  const comparing = findComparisons(all);
  const none = { kind: 'at most', value: 0 } as const;
  return [
    {
      id: 'full-folders',
      name: `folders with more than ${MAX_FILES} sources`,
      value: full.length,
      goal: none,
      found: full.map(([folder, files]) => `${folder} (${files.length})`),
    },
    {
      id: 'long-sources',
      name: `sources over ${MAX_LINES} lines`,
      value: long.length,
      goal: none,
      found: long.map((file) => `${fromRoot(file)} (${countLines(file)})`),
    },
    {
      id: 'cycles',
      name: 'import cycles, types included',
      value: cycles.length,
      goal: none,
      found: cycles.map((cycle) => cycle.map(fromRoot).join(' → ')),
    },
    {
      id: 'comparing-modules',
      name: 'modules that compare outcomes',
      value: new Set(comparing.map(({ file }) => file)).size,
      goal: { kind: 'exactly', value: 1 },
      found: comparing.filter(({ file }) => file !== OUTCOME_MODULE).map(({ file, line }) => `${file}:${line}`),
    },
  ];
}

function countDocuments(): readonly Figure[] {
  const rows = listDocuments().flatMap((document) =>
    readFileSync(path.join(ROOT, document), 'utf8')
      .split('\n')
      .flatMap((text, at) => (text.startsWith('|') ? [{ document, line: at + 1, length: text.length }] : [])),
  );
  const longest = rows.reduce((long, row) => (row.length > long.length ? row : long));
  return [
    {
      id: 'readme-lines',
      name: 'lines of the README',
      value: countLines(path.join(ROOT, 'README.md')),
      goal: { kind: 'at most', value: 150 },
      found: [],
    },
    {
      id: 'longest-row',
      name: 'characters of the longest table row',
      value: longest.length,
      goal: { kind: 'at most', value: 200 },
      found: [`${longest.document}:${longest.line}`],
    },
  ];
}

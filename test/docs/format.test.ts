import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatDocument, listDocuments, splitSentences } from '../../scripts/format-documents.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const MAX_ROW = 200;

/** At most so many lines: who needs more of them reads less of them. */
const MAX_LINES: Readonly<Record<string, number>> = { 'README.md': 150, 'ARCHITECTURE.md': 120 };
const MAX_DECISION_LINES = 40;

function readLines(file: string): readonly string[] {
  return readFileSync(path.join(ROOT, file), 'utf8').split('\n');
}

describe.each(listDocuments())('%s', (file) => {
  test('has one sentence a line and no padding in tables: npm run format', () => {
    const lines = readLines(file);
    expect(formatDocument(lines.join('\n')).split('\n')).toEqual(lines);
  });

  test(`has rows of at most ${MAX_ROW} characters`, () => {
    expect(readLines(file).filter((line) => line.startsWith('|') && line.length > MAX_ROW)).toEqual([]);
  });
});

test.each(Object.entries(MAX_LINES))('%s has at most %i lines', (file, limit) => {
  expect(readLines(file).length - 1).toBeLessThanOrEqual(limit);
});

test(`a decision has at most ${MAX_DECISION_LINES} lines, its context and its consequences`, () => {
  const records = listDocuments('docs/decisions').filter((file) => !file.endsWith('README.md'));
  expect(records.length).toBeGreaterThan(20);
  for (const file of records) {
    const lines = readLines(file);
    expect([file, lines.length - 1 <= MAX_DECISION_LINES]).toEqual([file, true]);
    const headings = lines.filter((line) => line.startsWith('## '));
    expect([file, headings]).toEqual([file, ['## Context', '## Decision', '## Consequences']]);
  }
});

test('the list of decisions names each of them', () => {
  const index = readLines('docs/decisions/README.md').join('\n');
  const records = listDocuments('docs/decisions').map((file) => path.basename(file));
  expect(records.filter((name) => name !== 'README.md' && !index.includes(`(${name})`))).toEqual([]);
});

test('an example that is run is a block of commands', () => {
  for (const file of listDocuments()) {
    const text = readLines(file).join('\n');
    const marked = text.split('\n<!-- run -->\n').slice(1);
    expect([file, marked.filter((rest) => !rest.startsWith('\n```console\n$ '))]).toEqual([file, []]);
  }
});

describe('the formatter', () => {
  test.each<readonly [name: string, text: string, expected: readonly string[]]>([
    ['two sentences', 'It reads. It writes.', ['It reads.', 'It writes.']],
    ['a question', 'Is it live? It is.', ['Is it live?', 'It is.']],
    ['a sentence that starts with code', 'It reads. `signet` writes.', ['It reads.', '`signet` writes.']],
    [
      'a sentence that starts with a small letter',
      'It reads. plan-mirror writes.',
      ['It reads.', 'plan-mirror writes.'],
    ],
    ['emphasis at the end', '**It reads.** It writes.', ['**It reads.**', 'It writes.']],
    ['a stop within brackets', 'It reads (once. twice) and writes.', ['It reads (once. twice) and writes.']],
    ['a stop within code', 'Run `a. b` and go.', ['Run `a. b` and go.']],
    ['an abbreviation', 'Some (e.g. this) and e.g. that.', ['Some (e.g. this) and e.g. that.']],
    ['a version and a file', 'Node 24.1 reads a.ts files.', ['Node 24.1 reads a.ts files.']],
  ])('%s', (_, text, expected) => {
    expect(splitSentences(text)).toEqual(expected);
  });

  test.each<readonly [name: string, text: string, expected: string]>([
    ['a wrapped sentence is one line', 'It reads\nand writes.', 'It reads and writes.'],
    ['later sentences of an item are indented', '- It reads. It writes.', '- It reads.\n  It writes.'],
    [
      'cells are not padded',
      '| a    | b |\n| ---- | :-- |\n| `x\\|y` |  |',
      '| a | b |\n| --- | :--- |\n| `x\\|y` |  |',
    ],
    ['what is fenced stays', '```\n| a   |\nOne. Two.\n```', '```\n| a   |\nOne. Two.\n```'],
    ['a heading stays alone', '# One. Two.\nThree. Four.', '# One. Two.\nThree.\nFour.'],
  ])('%s', (_, text, expected) => {
    expect(formatDocument(text)).toBe(expected);
    expect(formatDocument(expected)).toBe(expected);
  });
});

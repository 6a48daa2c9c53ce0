import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

// `node scripts/format-documents.ts [FILE...]` lays documents out as test/docs/format.test.ts wants them: prose has one
// sentence a line, so that a diff shows what changed, and a table's row is as long as its words.

const ROOT = path.join(import.meta.dirname, '..');
const SKIPPED = new Set(['node_modules', 'dist', 'data', 'trust', 'coverage']);

/** Words that end with a full stop in the middle of a sentence. */
const ABBREVIATIONS = /(?:^|[\s(])(?:e\.g|i\.e|cf|vs|approx)\.$/;
const FENCE = /^\s*(?:```|~~~)/;
const ROW = /^\s*\|.*\|\s*$/;
const DELIMITER = /^:?-+:?$/;
/** A bullet or a number, with what stands before the text of its item. */
const ITEM = /^(\s*(?:[-*+]|\d+\.) +)(?=\S)/;
/** What starts a block of its own, so that it never continues a paragraph: a heading, a quote, HTML, a rule, an image. */
const BLOCK = /^\s*(?:#{1,6} |>|<|---+\s*$|===+\s*$|!\[|\[[^\]]+\]: )/;

/** The documents of the repository, as paths below its root. */
export function listDocuments(folder = ''): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : listDocuments(name);
    return entry.name.endsWith('.md') ? [name] : [];
  });
}

/** A document with one sentence a line and tables without padding. What is fenced stays as it is. */
export function formatDocument(text: string): string {
  const output: string[] = [];
  let paragraph: string[] = [];
  let fence: string | undefined;
  const flush = (): void => {
    output.push(...formatParagraph(paragraph));
    paragraph = [];
  };
  for (const line of text.split('\n')) {
    if (fence !== undefined) {
      output.push(line);
      if (line.trim() === fence) fence = undefined;
    } else if (FENCE.test(line)) {
      flush();
      output.push(line);
      fence = line.trim().slice(0, 3);
    } else if (ROW.test(line)) {
      flush();
      output.push(formatRow(line));
    } else if (line.trim() === '' || BLOCK.test(line)) {
      flush();
      output.push(line.trimEnd());
    } else {
      if (ITEM.test(line)) flush();
      paragraph.push(line);
    }
  }
  flush();
  return output.join('\n');
}

/** One paragraph or item of a list, whose later sentences are indented like its first. */
function formatParagraph(lines: readonly string[]): readonly string[] {
  const [first] = lines;
  if (first === undefined) return [];
  const marker = ITEM.exec(first)?.[1] ?? /^\s*/.exec(first)?.[0] ?? '';
  const words = lines.map((line, index) => (index === 0 ? line.slice(marker.length) : line).trim()).join(' ');
  return splitSentences(words).map((sentence, index) =>
    index === 0 ? marker + sentence : ' '.repeat(marker.length) + sentence,
  );
}

/** The sentences of a paragraph. One that ends inside code, brackets or quotation marks ends nothing. */
export function splitSentences(text: string): readonly string[] {
  const sentences: string[] = [];
  let start = 0;
  let depth = 0;
  let inCode = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '`') inCode = !inCode;
    if (inCode) continue;
    if ('([“'.includes(character)) depth += 1;
    if (')]”'.includes(character)) depth = Math.max(0, depth - 1);
    if (character !== ' ' || depth > 0) continue;
    const before = text.slice(start, index);
    if (!/[.!?][)”"’*_]*$/.test(before) || ABBREVIATIONS.test(before)) continue;
    sentences.push(before.trim());
    start = index + 1;
  }
  return [...sentences, text.slice(start).trim()].filter((sentence) => sentence !== '');
}

function formatRow(line: string): string {
  const indent = /^\s*/.exec(line)?.[0] ?? '';
  const cells = line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
  const isDelimiter = cells.every((cell) => DELIMITER.test(cell));
  return `${indent}|${cells.map((cell) => ` ${isDelimiter ? cell.replace(/-+/, '---') : cell} `).join('|')}|`;
}

if (import.meta.main) {
  const files = process.argv.slice(2);
  for (const file of files.length === 0 ? listDocuments() : files) {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    const formatted = formatDocument(text);
    if (formatted !== text) writeFileSync(path.join(ROOT, file), formatted);
  }
}

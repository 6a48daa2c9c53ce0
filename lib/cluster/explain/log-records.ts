import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { readKyvernoLines } from './patterns/kyverno-lines.ts';
import { toKyvernoDenial } from './patterns/kyverno-records.ts';
import { readCutRecord, readSignetRecord } from './patterns/signet-records.ts';
import type { Statement } from './patterns/statement.ts';

/** A text in which JSON is written out, and what Signet's own records in it say. */
export interface LogRecords {
  readonly text: string;
  readonly statements: readonly Statement[];
}

/** Members that hold what was said, of whatever log. */
const SAID: readonly string[] = [
  'msg',
  'message',
  'log',
  'MESSAGE',
  '@message',
  'error',
  'err',
  'reason',
  'textPayload',
  'note',
  'acceptedRisks',
];
/** Members that name what it is about. */
const NAMES: readonly string[] = ['image', 'releaseImage', 'releaseDigest'];
/** What a record of a log begins with. */
const RECORD =
  /\{\s{0,40}\\{0,4}"(?:@?message|@?timestamp|MESSAGE|_aws|__\w{1,32}|action|apiVersion|code|events|error|kind|level|log|msg|outcome|reason|schema|service|severity|stream|time|ts|type)\\{0,4}"/;
/** Levels of JSON in a record, in members and in strings. */
const MAX_DEPTH = 8;

/**
 * Reads JSON in a text: each line by itself, one that a terminal or a mail wrapped, and a whole document. What Signet
 * wrote becomes statements; of any other record, what it says stays as a line of text.
 */
export function readLogRecords(untrustedText: string): LogRecords {
  const statements: Statement[] = [];
  const whole = readDocument(untrustedText);
  if (whole !== undefined) return { text: write(whole, statements, 0).join('\n'), statements };
  const plain = readKyvernoLines(untrustedText);
  if (!untrustedText.includes('{')) return { text: plain, statements };
  const lines = plain.split('\n');
  const written: string[] = [];
  const unclosed = new Set<string>();
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? '';
    const block = readBlock(lines, at, unclosed);
    if (block !== undefined) {
      written.push(...(block.value === undefined ? lines.slice(at, block.next) : write(block.value, statements, 0)));
      at = block.next;
      continue;
    }
    const start = line.search(RECORD);
    if (start < 0) {
      written.push(line);
      at += 1;
      continue;
    }
    const end = findEnd(lines, at);
    const { value, next } = parseRecord(lines, at, end, start);
    const cut = value === undefined ? readCutRecord(line) : undefined;
    if (cut !== undefined) statements.push(cut);
    written.push(
      value === undefined
        ? cut === undefined
          ? line
          : line.slice(0, start)
        : [line.slice(0, start), ...write(value, statements, 0)].join(' '),
    );
    at = next;
  }
  return { text: written.join('\n'), statements };
}

/** An object over several lines, whose braces stand alone; its lines are not read twice, nor is an end searched for twice. */
function readBlock(
  lines: readonly string[],
  at: number,
  unclosed: Set<string>,
): { readonly value: JsonValue | undefined; readonly next: number } | undefined {
  const line = lines[at] ?? '';
  const indent = ['{', '['].includes(line.trim()) ? line.slice(0, line.length - line.trimStart().length) : undefined;
  if (indent === undefined || unclosed.has(indent)) return undefined;
  const end = lines.findIndex(
    (other, index) => index > at && other.startsWith(indent) && /^[}\]],?$/.test(other.slice(indent.length).trimEnd()),
  );
  if (end < 0) unclosed.add(indent);
  return end < 0 ? undefined : { value: parseJson(lines.slice(at, end + 1).join('\n')), next: end + 1 };
}

/** The line after a record that may go on in further lines. */
function findEnd(lines: readonly string[], at: number): number {
  let end = at + 1;
  while (end < lines.length && lines[end] !== '' && !RECORD.test(lines[end] ?? '')) end += 1;
  return end;
}

function parseRecord(
  lines: readonly string[],
  at: number,
  end: number,
  start: number,
): { readonly value: JsonValue | undefined; readonly next: number } {
  const [first = '', ...more] = lines.slice(at, end);
  const head = first.slice(start);
  const value = parseJson(head);
  if (value !== undefined || more.length === 0) return { value, next: at + 1 };
  const cut = [head, ...more].join('');
  const wrapped = [head, ...more.map((one) => one.trim())].join(' ');
  // A terminal cuts rows of one length; a mail wraps at spaces.
  const isCut = more.length === 1 || first.length === more[0]?.length;
  for (const joined of isCut ? [cut, wrapped] : [wrapped, cut]) {
    const other = parseJson(joined);
    if (other !== undefined) return { value: other, next: end };
  }
  return { value: undefined, next: at + 1 };
}

/** JSON over several lines, alone or after a first line that says what it is. */
function readDocument(text: string): JsonValue | undefined {
  const from = text.search(/^[{[]/m);
  if (from < 0 || text.slice(0, from).split('\n').length > 3) return undefined;
  const rest = text.slice(from);
  const value = parseJson(rest) ?? parseJson(joinRows(rest)) ?? parseJson(rest.replaceAll(/\s{0,40}\n\s{0,40}/g, ' '));
  // A list within a sentence says nothing by itself.
  if (Array.isArray(value) && !value.some(isJsonObject)) return undefined;
  // Several records, one a line, are no document.
  return value !== undefined && isManifest(value) ? undefined : value;
}

/** Rows that a terminal filled go on in the next, within strings too; what a mail broke at spaces is no JSON then. */
function joinRows(text: string): string {
  const lines = text.split('\n');
  const width = lines.reduce((most, { length }) => Math.max(most, length), 0);
  return lines.map((line) => (line.length === width ? line : `${line}\n`)).join('');
}

/** Kubernetes objects are read by their kinds. */
function isManifest(value: JsonValue): boolean {
  return isJsonObject(value) && typeof value['apiVersion'] === 'string' && readSignetRecord(value) === undefined;
}

/** The object or list that a text begins with; undefined where the text is none, or its end is missing. */
function parseJson(text: string): JsonValue | undefined {
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  if (end < 0) return undefined;
  const escaped = /^\{(\\{1,4})"/.exec(text)?.[1];
  const plain = text.slice(0, end + 1);
  for (const one of escaped === undefined ? [plain] : [unescapeOnce(plain, escaped), plain]) {
    try {
      return JSON.parse(one) as JsonValue;
    } catch {
      // Whatever is no JSON is plain text.
    }
  }
  return undefined;
}

function unescapeOnce(text: string, mark: string): string {
  return text.replaceAll(`${mark}"`, '"').replaceAll(`${mark}${mark}`, mark);
}

/** Writes what a value says, as lines of text; what Signet wrote is added to the statements. */
function write(value: JsonValue, statements: Statement[], depth: number): readonly string[] {
  if (depth > MAX_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((one) => write(one, statements, depth + 1));
  if (!isJsonObject(value)) return [];
  const said = readSignetRecord(value);
  if (said !== undefined) {
    statements.push(...said);
    return [];
  }
  const denial = toKyvernoDenial(value);
  if (denial !== undefined) return [denial];
  const own = SAID.flatMap((member) => writeText(value[member], statements, depth));
  const names = NAMES.flatMap((member) => toField(value, member));
  const inner = Object.entries(value)
    .filter(([member, child]) => typeof child === 'object' && !(SAID.includes(member) && typeof child === 'string'))
    .flatMap(([, child]) => write(child, statements, depth + 1));
  return own.length === 0 ? inner : [[...own, ...names].join(' '), ...inner];
}

function writeText(value: JsonValue | undefined, statements: Statement[], depth: number): readonly string[] {
  if (typeof value !== 'string' || value === '') return [];
  const start = value.search(RECORD);
  const inner = start < 0 ? undefined : parseJson(value.slice(start));
  return inner === undefined ? [value] : [value.slice(0, start), ...write(inner, statements, depth + 1)];
}

function toField(object: JsonObject, member: string): readonly string[] {
  const value = object[member];
  return typeof value === 'string' ? [`${member}="${value}"`] : [];
}

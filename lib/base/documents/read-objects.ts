import * as v from 'valibot';
import { isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml';
import { InputError } from '../errors/input-error.ts';
import { findYamlFault } from './find-yaml-fault.ts';
import { isJsonObject, type JsonObject, type JsonValue, setMember } from './json-value.ts';
import { parseStrictJson, StrictJsonError } from './parse-strict-json.ts';
import { toFaults } from './schema.ts';

/** One object of a stream, or one item of a List in it. */
export interface SourceObject {
  readonly content: JsonObject;
  readonly file: string;
  /** Where it starts, from 1; an item of a List in JSON has the List's. */
  readonly line: number;
}

/** What `oc get -o yaml` and catalogs are at most; more is read as a fault, not into memory. */
export const MAX_OBJECTS_BYTES = 256 * 1024 * 1024;

const DOCUMENT_MARK = /^---(?=[ \t\r\n]|$)/m;
const YAML_OPTIONS = {
  version: '1.2',
  schema: 'core',
  merge: false,
  prettyErrors: false,
  strict: true,
  uniqueKeys: false,
} as const;

/**
 * Reads JSON values one after the other, or YAML documents, one at a time. Items of `List`s come as objects of their
 * own, empty documents not at all.
 *
 * @throws InputError `FileUnreadable` with the file's name and the line
 */
export function* readObjects(file: string, text: string): Generator<SourceObject> {
  if (isTable(text)) throw faultAt(file, 1, TABLE);
  if (isJson(text)) {
    for (const { text: value, line } of splitJsonStream(file, text)) {
      yield* unwrapList({ content: requireObject(file, line, readJson(file, line, value)), file, line }, () => line);
    }
    return;
  }
  let line = 1;
  for (const part of text.split(DOCUMENT_MARK)) {
    yield* readYaml(file, line, part);
    line += countLines(part);
  }
}

const TABLE =
  'this is a table of oc get, which leaves out most of what each object holds: give what the same command prints with -o yaml';

/** What `oc get` prints without `-o yaml`: headings in capitals, `NAME` first or second. */
export function isTable(text: string): boolean {
  const first = text.trimStart().split('\n', 1)[0] ?? '';
  return /^(?:NAMESPACE +)?NAME +[A-Z]/.test(first) && !first.includes(':');
}

/** An error at an object that was read. */
export function objectError({ file, line }: SourceObject, what: string, reason: string): InputError {
  return faultAt(file, line, `${what}: ${reason}`);
}

/** An error at a line of a file. */
export function faultAt(file: string, line: number, reason: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `${file}:${line}: ${reason}`, { cause });
}

/** Decodes a file. @throws InputError `FileUnreadable` */
export function decodeText(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InputError('FileUnreadable', `${file}: not UTF-8`, { cause });
  }
}

function isJson(text: string): boolean {
  return /^\s*[[{]/.test(text);
}

function readJson(file: string, line: number, text: string): JsonValue {
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (!(error instanceof StrictJsonError)) throw error;
    throw faultAt(file, line + countLines(text.slice(0, error.offset)), `not JSON: ${error.message}`, error);
  }
}

function* readYaml(file: string, first: number, text: string): Generator<SourceObject> {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...YAML_OPTIONS, lineCounter: lines });
  const lineAt = (offset: number): number => first - 1 + lines.linePos(offset).line;
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) throw faultAt(file, lineAt(error.pos[0]), error.message, error);
  if (document.contents === null) return;
  const fault = findYamlFault(document);
  if (fault !== undefined) throw faultAt(file, lineAt(fault.offset), fault.message);
  const line = lineAt(document.contents.range?.[0] ?? 0);
  const items = isMap(document.contents) ? document.contents.get('items', true) : undefined;
  yield* unwrapList({ content: requireObject(file, line, toPlain(file, line, document)), file, line }, (index) => {
    const item = isSeq(items) ? items.items[index] : undefined;
    return isNode(item) ? lineAt(item.range?.[0] ?? 0) : line;
  });
}

function toPlain(file: string, line: number, document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw faultAt(file, line, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function* unwrapList(source: SourceObject, lineOf: (index: number) => number): Generator<SourceObject> {
  const { content, file } = source;
  const { apiVersion, kind, items } = content;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) {
    yield source;
    return;
  }
  // Items of a list of one kind may leave theirs out, as they do in a must-gather.
  const inherited: JsonObject = kind === 'List' ? {} : { kind: kind.slice(0, -'List'.length) };
  if (kind !== 'List' && typeof apiVersion === 'string') setMember(inherited, 'apiVersion', apiVersion);
  for (const [index, item] of items.entries()) {
    const line = lineOf(index);
    yield { content: { ...inherited, ...requireObject(file, line, item) }, file, line };
  }
}

function requireObject(file: string, line: number, value: unknown): JsonObject {
  if (isJsonObject(value)) return value;
  throw faultAt(file, line, 'expected an object');
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** Reads an object against a schema. @throws InputError `FileUnreadable` with its place, kind, name and the field */
export function readShape<T>(schema: v.GenericSchema<unknown, T>, source: SourceObject): T {
  const result = v.safeParse(schema, source.content);
  if (result.success) return result.output;
  const [fault] = toFaults(result.issues);
  const field = fault?.path.join('.') ?? '';
  throw objectError(
    source,
    `${describeObject(source)}${field === '' ? '' : `: ${field}`}`,
    fault?.message ?? 'invalid',
  );
}

/** `MachineConfigPool worker`, as far as the object says it. */
export function describeObject({ content }: SourceObject): string {
  const { kind, schema, metadata } = content;
  const what = [kind, schema].find((value) => typeof value === 'string') ?? 'object';
  const name = isJsonObject(metadata) ? metadata['name'] : content['name'];
  return typeof name === 'string' ? `${what} ${name}` : what;
}

/** One value of a stream, with the line on which it starts, from 1. */
interface JsonPart {
  readonly text: string;
  readonly line: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);
const SPACE = new Set([0x20, 0x09, 0x0d, LINE_FEED]);

/**
 * Cuts objects and arrays that follow one another, so that each can be read by itself; what they hold is not judged.
 *
 * @throws InputError `FileUnreadable` with the line, for a value that does not end and for anything between values
 */
function* splitJsonStream(file: string, text: string): Generator<JsonPart> {
  let line = 1;
  let depth = 0;
  let start = 0;
  let startLine = 1;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === LINE_FEED) line++;
    if (inString) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) inString = false;
      continue;
    }
    if (depth === 0 && !OPENING.has(code)) {
      if (SPACE.has(code)) continue;
      throw new InputError('FileUnreadable', `${file}:${line}: expected an object`);
    }
    if (code === QUOTE) inString = true;
    else if (OPENING.has(code)) {
      if (depth++ === 0) {
        start = at;
        startLine = line;
      }
    } else if (CLOSING.has(code) && --depth === 0) {
      yield { text: text.slice(start, at + 1), line: startLine };
    }
  }
  if (depth > 0)
    throw new InputError('FileUnreadable', `${file}:${startLine}: the object that starts here does not end`);
}

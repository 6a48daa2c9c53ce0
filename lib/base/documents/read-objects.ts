import * as v from 'valibot';
import { isMap, isNode, isSeq, LineCounter, parseDocument, type ScalarTag, type Tags } from 'yaml';
import { InputError } from '../errors/input-error.ts';
import { findForeignBreak, findYamlFault } from './find-yaml-fault.ts';
import { splitJsonStream } from './json-stream.ts';
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
const WORDS_OF_KUBECTL = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;

/** `yes`, `no` and the like are booleans in YAML 1.1, by which kubectl reads. */
const BOOLEAN_OF_KUBECTL: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test: WORDS_OF_KUBECTL,
  resolve: (word) => ['y', 'yes', 'on'].includes(word.toLowerCase()),
};

const YAML_OPTIONS = {
  version: '1.2',
  schema: 'core',
  customTags: (tags: Tags): Tags => [...tags, BOOLEAN_OF_KUBECTL],
  // As kubectl and every other program in Go reads it.
  merge: true,
  prettyErrors: false,
  strict: true,
  uniqueKeys: false,
} as const;

/** Called with a value that cannot be read, and where it starts or is wrong; those after it are read. */
type OnFault = (line: number, reason: string) => void;

/**
 * Reads JSON values one after the other, or YAML documents, one at a time. Items of `List`s come as objects of their
 * own, empty documents not at all.
 *
 * @param onFault takes what is wrong with one value or document, and the rest is read; without it, that is the end
 * @throws InputError `FileUnreadable` with the file's name and the line
 */
export function* readObjects(file: string, text: string, onFault?: OnFault): Generator<SourceObject> {
  if (isTable(text)) throw faultAt(file, 1, TABLE);
  if (isJson(text)) {
    yield* readJsonStream(file, text, onFault);
    return;
  }
  let line = 1;
  for (const part of text.split(DOCUMENT_MARK)) {
    const first = line;
    yield* tryRead(file, () => [...readYaml(file, first, part, onFault)], onFault);
    line += countLines(part);
  }
}

/** What is between values, or does not end, ends the reading. */
function* readJsonStream(file: string, text: string, onFault: OnFault | undefined): Generator<SourceObject> {
  const parts = splitJsonStream(file, text);
  for (;;) {
    const [part] = tryRead(file, () => [parts.next()], onFault);
    if (part === undefined || part.done === true) return;
    const { text: value, line } = part.value;
    const read = (): SourceObject => ({ content: requireObject(file, line, readJson(file, line, value)), file, line });
    for (const source of tryRead(file, () => [read()], onFault)) yield* unwrapList(source, () => line, onFault);
  }
}

/** @throws InputError where nobody takes the fault */
function tryRead<T>(file: string, read: () => readonly T[], onFault: OnFault | undefined): readonly T[] {
  try {
    return read();
  } catch (error) {
    if (onFault === undefined || !(error instanceof InputError)) throw error;
    const [line = '1', ...reason] = error.message.slice(file.length + 1).split(': ');
    onFault(Number(line), reason.join(': '));
    return [];
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

/** Whether a text is read as JSON rather than YAML: by how it begins. */
export function isJson(text: string): boolean {
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

function* readYaml(file: string, first: number, text: string, onFault?: OnFault): Generator<SourceObject> {
  const lines = new LineCounter();
  const document = parseDocument(text, { ...YAML_OPTIONS, lineCounter: lines });
  const lineAt = (offset: number): number => first - 1 + lines.linePos(offset).line;
  const foreign = findForeignBreak(text, [document]);
  if (foreign !== undefined) throw faultAt(file, lineAt(foreign.offset), foreign.message);
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) throw faultAt(file, lineAt(error.pos[0]), `cannot be read as YAML: ${error.message}`, error);
  if (document.contents === null) return;
  const fault = findYamlFault(document);
  if (fault !== undefined) throw faultAt(file, lineAt(fault.offset), fault.message);
  const line = lineAt(document.contents.range?.[0] ?? 0);
  const items = isMap(document.contents) ? document.contents.get('items', true) : undefined;
  const lineOf = (index: number): number => {
    const item = isSeq(items) ? items.items[index] : undefined;
    return isNode(item) ? lineAt(item.range?.[0] ?? 0) : line;
  };
  yield* unwrapList({ content: requireObject(file, line, toPlain(file, line, document)), file, line }, lineOf, onFault);
}

function toPlain(file: string, line: number, document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw faultAt(file, line, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function* unwrapList(
  source: SourceObject,
  lineOf: (index: number) => number,
  onFault: OnFault | undefined,
): Generator<SourceObject> {
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
    const objects = tryRead(file, () => [requireObject(file, line, item)], onFault);
    for (const object of objects) yield { content: { ...inherited, ...object }, file, line };
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

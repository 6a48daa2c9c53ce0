import * as v from 'valibot';
import { ConfigurationError, type ConfigurationErrorCode } from '../errors/configuration-error.ts';
import { InputError } from '../errors/input-error.ts';
import { decodeUtf8 } from './decode.ts';
import { isJsonObject, type JsonValue } from './json-value.ts';
import { parseStrictJson } from './parse-strict-json.ts';

/** What is wrong at one place of a document. */
export interface SchemaFault {
  /** Members and indexes from the top; empty for the document itself. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Issue = v.BaseIssue<unknown>;

/** Says each issue of a schema in plain words: `missing`, `unknown field`, `expected string, found number`. */
export function toFaults(issues: readonly Issue[]): readonly SchemaFault[] {
  return issues.map((issue) => ({ path: toPath(issue), message: toMessage(issue) }));
}

/** The places alone, each once, joined: for secret documents, of which no value and no unknown name may be shown. */
export function formatPlaces(issues: readonly Issue[]): string {
  return [...new Set(issues.map((issue) => toPlace(issue).join('.') || 'the whole'))].join(', ');
}

/** For an unknown member, the object that has it. */
function toPlace(issue: Issue): (string | number)[] {
  const path = toPath(issue);
  return isUnknownMember(issue) ? path.slice(0, -1) : path;
}

function toPath({ path }: Issue): (string | number)[] {
  return (path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
}

/** Never the value: it may be a secret, or text of an attacker. */
function toMessage(issue: Issue): string {
  const { kind, type, path, expected, message, input, issues = [] } = issue;
  if (kind !== 'schema') return DEFAULT_MESSAGE.test(message) ? `expected ${toLabel(type)}${expected ?? ''}` : message;
  if (isUnknownMember(issue)) return 'unknown field';
  if (path?.at(-1)?.origin === 'key') return 'missing';
  // Of a union's alternatives none fits, and the issue itself says no more.
  if (issues.length > 0) return issues.map(describeNested).join(', or ');
  if (type === 'custom') return DEFAULT_MESSAGE.test(message) ? 'not valid' : message;
  const wanted = expected?.replace(/^\((.*)\)$/, '$1').replace(/^(?:Object|Array)$/, (name) => name.toLowerCase());
  // Of the right type, and none of the texts that may be there.
  const found = typeof input === 'string' && wanted?.startsWith('"') === true ? 'another string' : toTypeName(input);
  return `expected ${wanted ?? 'another value'}, found ${found}`;
}

function isUnknownMember({ path, expected }: Issue): boolean {
  return path?.at(-1)?.origin === 'key' && expected === 'never';
}

/** Valibot's own messages, which end with the value. */
const DEFAULT_MESSAGE = /^Invalid [a-z ]+: /i;

function toLabel(type: string): string {
  if (type.endsWith('integer')) return 'an integer';
  return type.endsWith('_length') ? 'a length of ' : '';
}

function toTypeName(input: unknown): string {
  if (input === null) return 'null';
  return Array.isArray(input) ? 'array' : typeof input;
}

function describeNested(issue: Issue): string {
  return [...toPath(issue), toMessage(issue)].join(': ');
}

/**
 * An object and no array, which valibot takes for an object without members. Goes before a schema that an array would
 * satisfy: `v.pipe(plainObject, v.record(…))`, and objects all of whose members may be absent.
 */
export const plainObject = v.custom<{ readonly [member: string]: unknown }>(isJsonObject, 'expected an object');

/**
 * An object whose members are named and valued as two schemas say. valibot's own record leaves out `constructor`,
 * `prototype` and `__proto__` unread: here they are members like any other.
 */
export function recordOf<T>(
  name: v.GenericSchema<unknown, string>,
  value: v.GenericSchema<unknown, T>,
): v.GenericSchema<unknown, Readonly<Record<string, T>>> {
  return v.pipe(
    plainObject,
    v.transform((members): unknown => new Map(Object.entries(members))),
    v.map(name, value),
    v.transform((members) => Object.fromEntries(members)),
  );
}

/** A member that a parser converts. The parser's InputError becomes a fault of the member. */
export function parsedField<From, To>(from: v.GenericSchema<unknown, From>, parse: (value: From) => To) {
  return v.pipe(
    from,
    v.rawTransform<From, To>(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(dataset.value);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        addIssue({ message: error.message });
        return NEVER;
      }
    }),
  );
}

const SHAPE = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;

/** A time as `Date` writes it: RFC 3339 in UTC, of a day that there is. Valibot's `isoTimestamp` takes any offset. */
export const utcTime = v.pipe(v.string(), v.check(isUtcTime, 'expected a time in UTC, as in 2026-01-31T12:00:00Z'));

function isUtcTime(text: string): boolean {
  const time = new Date(SHAPE.test(text) ? text : Number.NaN);
  // `Date` takes 30 February for 2 March.
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text.slice(0, 'YYYY-MM-DD'.length));
}

/**
 * Reads an object of published trust: UTF-8, strict JSON, a schema number that this version knows, and that schema.
 *
 * @param newest the newest schema number that this version reads
 * @throws ConfigurationError `SchemaUnsupported` for a newer one, else `RevisionInvalid`
 */
export function readSchema<T>(
  schema: v.GenericSchema<unknown, T>,
  key: string,
  bytes: Uint8Array,
  newest: number = 1,
): T {
  const content = readJson(key, bytes);
  const number = isJsonObject(content) ? content['schema'] : undefined;
  if (typeof number === 'number' && number > newest) {
    const reason = `written with schema ${number}; this version of Signet reads schema ${newest}: update it`;
    throw invalid(key, reason, 'SchemaUnsupported');
  }
  const result = v.safeParse(schema, content);
  if (result.success) return result.output;
  throw invalid(key, `not as Signet writes it: ${formatPlaces(result.issues)}`);
}

function readJson(key: string, bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(decodeUtf8(bytes));
  } catch (cause) {
    throw invalid(key, 'not strict JSON in UTF-8', 'RevisionInvalid', cause);
  }
}

function invalid(
  document: string,
  reason: string,
  code: ConfigurationErrorCode = 'RevisionInvalid',
  cause?: unknown,
): ConfigurationError {
  const position = { document };
  return new ConfigurationError(code, reason, cause === undefined ? { position } : { position, cause });
}

import {
  type Cursor,
  parseStrictJson,
  peekAfterSpace,
  StrictJsonError,
  scanNumber,
  scanString,
  scanWord,
} from '../../base/documents/parse-strict-json.ts';
import { ConfigurationError, type ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';
import { findScopeFault, requireCanonicalScopeAt } from './find-scope-fault.ts';
import type { ImagePolicy } from './image-policy.ts';
import { parsePolicyRequirement } from './parse-policy-requirement.ts';
import { type JsonPath, PolicyError, readAnyMembers, readList, readMembers } from './policy-members.ts';
import type { PolicyRequirement } from './policy-requirement.ts';

/**
 * A policy.json (containers-policy.json(5)) from its text; `document` names it in errors.
 * @throws ConfigurationError `DocumentInvalid` or `DuplicateKey`, with line, JSON path and the rule that was broken
 */
export function parsePolicyJson(document: string, text: string): ImagePolicy {
  try {
    return parsePolicyContent(parseStrictJson(text));
  } catch (error) {
    if (error instanceof PolicyError) {
      throw documentError('DocumentInvalid', document, lineAt(text, findOffset(text, error.path)), error);
    }
    if (!(error instanceof StrictJsonError)) throw error;
    const line = lineAt(text, error.offset);
    if (error.fault !== 'duplicate') throw documentError('DocumentInvalid', document, line, error);
    const twice = new PolicyError(findPath(text, error.offset), 'the member occurs twice');
    throw documentError('DuplicateKey', document, line, twice);
  }
}

function documentError(
  code: ConfigurationErrorCode,
  document: string,
  line: number,
  cause: PolicyError | StrictJsonError,
): ConfigurationError {
  const reason = cause instanceof StrictJsonError ? `not strict JSON: ${cause.message}` : cause.message;
  return new ConfigurationError(code, reason, { position: { document, line }, cause });
}

type Scopes = ReadonlyMap<string, readonly PolicyRequirement[]>;

/**
 * Reads a containers-policy.json(5) from content whose reader refuses duplicate members.
 * @throws PolicyError at the first rule that it breaks
 */
export function parsePolicyContent(content: unknown): ImagePolicy {
  const { values } = readMembers(content, [], ['default', 'transports']);
  if (!values.has('default')) throw new PolicyError([], 'the field default is missing');
  const transports = new Map<string, Scopes>();
  if (values.has('transports')) {
    const members = readAnyMembers(values.get('transports'), ['transports']);
    for (const [transport, scopes] of members.values) {
      transports.set(transport, parseScopes(transport, scopes, [...members.path, transport]));
    }
  }
  return { default: parseRequirements(values.get('default'), ['default']), transports };
}

function parseScopes(transport: string, content: unknown, path: JsonPath): Scopes {
  const scopes = new Map<string, readonly PolicyRequirement[]>();
  for (const [scope, requirements] of readAnyMembers(content, path).values) {
    const scopePath = [...path, scope];
    if (transport === 'docker') requireCanonicalScopeAt(scopePath, scope);
    // Nodes take any scope of docker. One that covers no image is a warning where the policy is loaded.
    const fault = transport === 'docker' ? undefined : findScopeFault(transport, scope);
    if (fault !== undefined) throw new PolicyError(scopePath, `not a scope of ${transport}: ${fault}`);
    scopes.set(scope, parseRequirements(requirements, scopePath));
  }
  return scopes;
}

function parseRequirements(content: unknown, path: JsonPath): readonly PolicyRequirement[] {
  // Only insecureAcceptAnything requires nothing, never an empty list.
  return readList(content, path, parsePolicyRequirement);
}

/** Line, from 1, of a place in a text. */
function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Offset of the member name or element at a path; 0 when there is none. */
function findOffset(text: string, path: JsonPath): number {
  let found = 0;
  walkPlaces(text, (here, offset) => {
    // The length first: a path is compared in full at its own depth alone, however deep the text goes.
    if (here.length !== path.length || here.some((part, depth) => part !== path[depth])) return false;
    found = offset;
    return true;
  });
  return found;
}

/** The path of the member whose name begins at an offset, also when it is there a second time. */
function findPath(text: string, memberOffset: number): JsonPath {
  let found: JsonPath = [];
  walkPlaces(text, (here, offset) => {
    if (offset < memberOffset) return false;
    if (offset === memberOffset) found = [...here];
    return true;
  });
  return found;
}

const COMMA = 0x2c;
const COLON = 0x3a;
const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** A member that has no name yet; never a part of a path that is shown. */
const UNNAMED = -1;

/** Visits each member name and element with its path and offset until `stopsAt` is true; up to there the text is JSON. */
function walkPlaces(text: string, stopsAt: (path: JsonPath, offset: number) => boolean): void {
  const cursor: Cursor = { text, at: 0 };
  // Live, not copied: a text may be nested as deep as the strict reader allows.
  const path: (string | number)[] = [];
  let isElementNext = false;
  for (let unit = peekAfterSpace(cursor); !Number.isNaN(unit); unit = peekAfterSpace(cursor)) {
    const offset = cursor.at;
    const last = path.at(-1);
    if (last === UNNAMED && unit === QUOTE) {
      path.splice(-1, 1, scanString(cursor));
      if (stopsAt(path, offset)) return;
      continue;
    }
    if (typeof last === 'number' && isElementNext && unit !== CLOSE_ARRAY && stopsAt(path, offset)) return;
    isElementNext = unit === OPEN_ARRAY || (unit === COMMA && typeof last === 'number');
    if (unit === COMMA) path.splice(-1, 1, typeof last === 'number' ? last + 1 : UNNAMED);
    if (unit === OPEN_OBJECT) path.push(UNNAMED);
    if (unit === OPEN_ARRAY) path.push(0);
    if (unit === CLOSE_OBJECT || unit === CLOSE_ARRAY) path.pop();
    skipToken(cursor, unit);
  }
}

function skipToken(cursor: Cursor, unit: number): void {
  switch (unit) {
    case COMMA:
    case COLON:
    case OPEN_ARRAY:
    case CLOSE_ARRAY:
    case OPEN_OBJECT:
    case CLOSE_OBJECT:
      cursor.at++;
      return;
    case QUOTE:
      scanString(cursor);
      return;
    case 0x74:
    case 0x66:
    case 0x6e:
      scanWord(cursor);
      return;
    default:
      scanNumber(cursor);
  }
}

import { isJsonObject } from '../../base/documents/json-value.ts';

/** Members and indexes from the root of a document. */
export type JsonPath = readonly (string | number)[];

const PLAIN_MEMBER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * A policy that breaks a rule of containers-policy.json(5). The caller that knows the document turns it into a
 * `ConfigurationError` with the line of `path`.
 */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  /** Of the member or element at fault, which is there; of the object around it for one that is missing. */
  readonly path: JsonPath;
  /** The rule that was broken, without the path. */
  readonly rule: string;
  /** `unsupported`: a later version of the format may allow it. */
  readonly kind: 'invalid' | 'unsupported';

  constructor(path: JsonPath, rule: string, kind: 'invalid' | 'unsupported' = 'invalid') {
    super(path.length === 0 ? rule : `${formatJsonPath(path)}: ${rule}`);
    this.path = path;
    this.rule = rule;
    this.kind = kind;
  }
}

/** `transports.docker["quay.io/x"][0].keyPath` */
function formatJsonPath(path: JsonPath): string {
  return path
    .map((part) => {
      if (typeof part === 'number') return `[${part}]`;
      return PLAIN_MEMBER.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

/** The members of an object of a policy, and the path of the object. */
export interface Members {
  readonly path: JsonPath;
  /** A map, because a member may be called `__proto__` or `constructor`. */
  readonly values: ReadonlyMap<string, unknown>;
}

/** An object whose members may have any name. Names are read as Go reads them. @throws PolicyError */
export function readAnyMembers(value: unknown, path: JsonPath): Members {
  if (!isJsonObject(value)) throw new PolicyError(path, `expected an object, found ${describe(value)}`);
  const values = new Map<string, unknown>();
  for (const [name, member] of Object.entries(value)) {
    const read = name.toWellFormed();
    if (values.has(read)) throw new PolicyError([...path, name], 'the member occurs twice');
    values.set(read, member);
  }
  return { path, values };
}

/** An object with no members but these; letter case counts. @throws PolicyError at the first other one */
export function readMembers(value: unknown, path: JsonPath, known: readonly string[]): Members {
  const members = readAnyMembers(value, path);
  for (const name of members.values.keys()) {
    if (known.includes(name)) continue;
    throw new PolicyError([...path, name], `unknown field; known here: ${known.join(', ')}`, 'unsupported');
  }
  return members;
}

/** A list with at least one element, read one by one. @throws PolicyError */
export function readList<T>(
  value: unknown,
  path: JsonPath,
  read: (element: unknown, path: JsonPath) => T,
): readonly T[] {
  const elements = readAnyList(value, path, read);
  if (elements.length === 0) throw new PolicyError(path, 'the list must not be empty');
  return elements;
}

/** A list that may be empty, read one by one. @throws PolicyError */
export function readAnyList<T>(
  value: unknown,
  path: JsonPath,
  read: (element: unknown, path: JsonPath) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw new PolicyError(path, `expected a list, found ${describe(value)}`);
  return value.map((element: unknown, index) => read(element, [...path, index]));
}

/** A text as Go reads it: null is the empty one, and half of a surrogate pair becomes U+FFFD. @throws PolicyError */
export function readGoText(value: unknown, path: JsonPath): string {
  if (value === null) return '';
  if (typeof value !== 'string') throw new PolicyError(path, `expected a string, found ${describe(value)}`);
  return value.toWellFormed();
}

/** A text that is not empty. @throws PolicyError */
export function readText(value: unknown, path: JsonPath): string {
  if (value === null) throw new PolicyError(path, 'expected a string, found null');
  const text = readGoText(value, path);
  if (text === '') throw new PolicyError(path, 'the string must not be empty');
  return text;
}

/** A text that must be there. @throws PolicyError at the object when it is not */
export function readRequiredText({ path, values }: Members, name: string): string {
  if (!values.has(name)) throw new PolicyError(path, `the field ${name} is missing`);
  return readText(values.get(name), [...path, name]);
}

/** A text that may be left out. @throws PolicyError */
export function readOptionalText(members: Members, name: string): string | undefined {
  return members.values.has(name) ? readRequiredText(members, name) : undefined;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

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

  constructor(path: JsonPath, rule: string) {
    super(path.length === 0 ? rule : `${formatJsonPath(path)}: ${rule}`);
    this.path = path;
    this.rule = rule;
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

/** An object whose members may have any name. @throws PolicyError */
export function readAnyMembers(value: unknown, path: JsonPath): Members {
  if (!isJsonObject(value)) throw new PolicyError(path, `expected an object, found ${describe(value)}`);
  return { path, values: new Map(Object.entries(value)) };
}

/** An object with no members but these; letter case counts. @throws PolicyError at the first other one */
export function readMembers(value: unknown, path: JsonPath, known: readonly string[]): Members {
  const members = readAnyMembers(value, path);
  for (const name of members.values.keys()) {
    if (!known.includes(name)) throw new PolicyError([...path, name], `unknown field; known here: ${known.join(', ')}`);
  }
  return members;
}

/** A list with at least one element, read one by one. @throws PolicyError */
export function readList<T>(
  value: unknown,
  path: JsonPath,
  read: (element: unknown, path: JsonPath) => T,
): readonly T[] {
  if (!Array.isArray(value)) throw new PolicyError(path, `expected a list, found ${describe(value)}`);
  if (value.length === 0) throw new PolicyError(path, 'the list must not be empty');
  return value.map((element: unknown, index) => read(element, [...path, index]));
}

/** A text that is not empty and can be written as UTF-8. @throws PolicyError */
export function readText(value: unknown, path: JsonPath): string {
  if (typeof value !== 'string') throw new PolicyError(path, `expected a string, found ${describe(value)}`);
  if (value === '') throw new PolicyError(path, 'the string must not be empty');
  if (!value.isWellFormed()) throw new PolicyError(path, 'the string has half of a surrogate pair');
  return value;
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

/** The one of some fields that is there, if any. @throws PolicyError for a second one: they contradict each other */
export function selectField({ path, values }: Members, names: readonly string[]): string | undefined {
  const [selected, ...others] = names.filter((name) => values.has(name));
  if (others.length > 0) {
    throw new PolicyError(path, `at most one of ${names.join(', ')}; found ${[selected, ...others].join(' and ')}`);
  }
  return selected;
}

/** As {@link selectField}, where one must be there. @throws PolicyError */
export function selectRequiredField(members: Members, names: readonly string[]): string {
  const selected = selectField(members, names);
  if (selected === undefined) throw new PolicyError(members.path, `exactly one of ${names.join(', ')}; found none`);
  return selected;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

import { InputError } from '../../../lib/base/errors/input-error.ts';

/** Where a path of a template leads, one step after the other. */
export interface Path {
  /** `$`: from the result itself, and not from the item of a range. */
  readonly isRooted: boolean;
  readonly steps: readonly Step[];
}

export type Step =
  | { readonly kind: 'member'; readonly name: string }
  /** `[*]` or `.*` */
  | { readonly kind: 'each' }
  /** `..` */
  | { readonly kind: 'below' }
  /** `[0]`, `[-1]`, `[0,2]` */
  | { readonly kind: 'items'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  /** `[?(@.code=="KeyUnknown")]`, `[?(@.note)]` */
  | {
      readonly kind: 'where';
      readonly path: Path;
      readonly compare: { readonly operator: '==' | '!='; readonly value: unknown } | undefined;
    };

/** Steps of one path. */
export const MAX_STEPS = 32;

/** @param place where the path begins in its template, from 0 @throws InputError */
export function readPath(text: string, place: number): Path {
  const fault = (why: string): InputError =>
    new InputError('ArgumentInvalid', `-o jsonpath: character ${place + 1}: ${JSON.stringify(text)}: ${why}`);
  const steps: Step[] = [];
  const isRooted = text.startsWith('$');
  let rest = text.startsWith('$') || text.startsWith('@') ? text.slice(1) : text;
  if (rest !== '' && !/^[.[]/.test(rest)) rest = `.${rest}`;
  if (rest === '.') rest = '';
  while (rest !== '') {
    const { step, length } = readStep(rest, fault, place);
    if (steps.length >= MAX_STEPS) throw fault(`more than ${MAX_STEPS} steps`);
    steps.push(step);
    rest = rest.slice(length);
  }
  return { isRooted, steps };
}

interface ReadStep {
  readonly step: Step;
  readonly length: number;
}

type Fault = (why: string) => InputError;

function readStep(rest: string, fault: Fault, place: number): ReadStep {
  if (rest.startsWith('..')) return { step: { kind: 'below' }, length: rest.charAt(2) === '[' ? 2 : 1 };
  if (rest.startsWith('.*')) return { step: { kind: 'each' }, length: 2 };
  if (rest.startsWith('.[')) return readBrackets(rest, 1, fault, place);
  if (rest.startsWith('[')) return readBrackets(rest, 0, fault, place);
  const [whole, name = ''] = /^\.((?:\\.|[^.[\]\\\s(){}=!])+)/.exec(rest) ?? [];
  if (whole === undefined) throw fault(`expected a member at ${JSON.stringify(rest)}`);
  return { step: { kind: 'member', name: name.replaceAll(/\\(.)/g, '$1') }, length: whole.length };
}

function readBrackets(rest: string, start: number, fault: Fault, place: number): ReadStep {
  const end = findBracket(rest, start);
  if (end < 0) throw fault('a bracket that does not close');
  const inner = rest.slice(start + 1, end).trim();
  return { step: toStep(inner, fault, place), length: end + 1 };
}

/** The bracket that closes this one; those in quotes and inner pairs do not. */
function findBracket(text: string, start: number): number {
  let depth = 0;
  let quote: string | undefined;
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== undefined) {
      if (character === '\\') at++;
      else if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '[') depth++;
    else if (character === ']' && --depth === 0) return at;
  }
  return -1;
}

function toStep(inner: string, fault: Fault, place: number): Step {
  if (inner === '*') return { kind: 'each' };
  if (/^-?[0-9]{1,9}(?:\s*,\s*-?[0-9]{1,9})*$/.test(inner)) {
    return { kind: 'items', indexes: inner.split(',').map(Number) };
  }
  const [slice, from, to] = /^(-?[0-9]{1,9})?:(-?[0-9]{1,9})?$/.exec(inner) ?? [];
  if (slice !== undefined) {
    return {
      kind: 'slice',
      from: from === undefined ? undefined : Number(from),
      to: to === undefined ? undefined : Number(to),
    };
  }
  const name = readQuoted(inner);
  if (name !== undefined) return { kind: 'member', name };
  if (inner.startsWith('?(') && inner.endsWith(')')) return toCondition(inner.slice(2, -1).trim(), fault, place);
  throw fault(`not understood: [${inner}]`);
}

function toCondition(condition: string, fault: Fault, place: number): Step {
  const at = condition.search(/[=!]=/);
  if (at < 0) return { kind: 'where', path: readPath(condition, place), compare: undefined };
  const literal = condition.slice(at + 2).trim();
  const quoted = readQuoted(literal);
  if (quoted === undefined && !/^(?:true|false|null|-?[0-9]{1,15}(?:\.[0-9]{1,15})?)$/.test(literal)) {
    throw fault(`compared with neither a text in quotes, a number, true, false nor null: ${literal}`);
  }
  const value: unknown = quoted ?? JSON.parse(literal);
  const operator = condition.charAt(at) === '=' ? '==' : '!=';
  return { kind: 'where', path: readPath(condition.slice(0, at).trim(), place), compare: { operator, value } };
}

function readQuoted(text: string): string | undefined {
  const quote = text.charAt(0);
  if (text.length < 2 || (quote !== '"' && quote !== "'") || text.at(-1) !== quote) return undefined;
  return text.slice(1, -1).replaceAll(/\\(.)/gs, '$1');
}

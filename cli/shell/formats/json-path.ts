import { InputError } from '../../../lib/base/errors/input-error.ts';
import type { ResultWriter } from '../options.ts';
import { toPrintable } from '../output.ts';
import { type Path, readPath, type Step } from './json-path-steps.ts';

/** A template, as `kubectl -o jsonpath=` has them: text, paths in braces, and ranges over what a path finds. */
type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'range'; readonly path: Path; readonly parts: readonly Part[] };

/** Characters of a template. */
export const MAX_TEMPLATE_LENGTH = 4096;

/** @throws InputError with the place, from 1, of what is wrong */
export function parseTemplate(template: string): ResultWriter {
  if (template.length > MAX_TEMPLATE_LENGTH) throw fault(MAX_TEMPLATE_LENGTH, 'the template is too long');
  if (template.trim() === '') throw fault(0, 'the template is empty: {} is all of the result');
  // A path alone needs no braces.
  const { parts, isEnded } = readParts(template.includes('{') ? template : `{${template}}`);
  if (isEnded !== undefined) throw fault(isEnded, '{end} without {range}');
  return (result) => {
    const root: unknown = JSON.parse(JSON.stringify(result));
    const text = write(parts, root, root);
    return text.endsWith('\n') ? text.slice(0, -1) : text;
  };
}

interface Open {
  readonly path: Path;
  readonly parts: Part[];
  readonly at: number;
}

function readParts(template: string): { readonly parts: readonly Part[]; readonly isEnded: number | undefined } {
  const whole: Part[] = [];
  const open: Open[] = [];
  let at = 0;
  while (at < template.length) {
    const parts = open.at(-1)?.parts ?? whole;
    const start = template.indexOf('{', at);
    if (start !== at) parts.push({ kind: 'text', text: template.slice(at, start < 0 ? undefined : start) });
    if (start < 0) break;
    const end = findEnd(template, start);
    const inner = template.slice(start + 1, end).trim();
    at = end + 1;
    if (inner === 'end') {
      const range = open.pop();
      if (range === undefined) return { parts: whole, isEnded: start };
      (open.at(-1)?.parts ?? whole).push({ kind: 'range', path: range.path, parts: range.parts });
    } else if (/^range\s/.test(inner)) {
      open.push({ path: readPath(inner.slice('range'.length).trim(), start), parts: [], at: start });
    } else if (/^["']/.test(inner)) {
      parts.push({ kind: 'text', text: readText(inner, start) });
    } else {
      parts.push({ kind: 'path', path: readPath(inner, start) });
    }
  }
  const [first] = open;
  if (first !== undefined) throw fault(first.at, '{range} without {end}');
  return { parts: whole, isEnded: undefined };
}

/** The brace that closes; those in quotes do not count. */
function findEnd(template: string, start: number): number {
  let quote: string | undefined;
  for (let at = start + 1; at < template.length; at++) {
    const character = template.charAt(at);
    if (quote !== undefined) {
      if (character === '\\') at++;
      else if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '}') return at;
  }
  throw fault(start, 'a brace that does not close');
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

function readText(inner: string, at: number): string {
  if (inner.length < 2 || inner.at(-1) !== inner.at(0)) throw fault(at, 'a text that does not end');
  return inner.slice(1, -1).replaceAll(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
}

function write(parts: readonly Part[], root: unknown, current: unknown): string {
  return parts
    .map((part) => {
      switch (part.kind) {
        case 'text':
          return part.text;
        case 'path':
          return find(part.path, root, current).map(toText).join(' ');
        case 'range':
          return find(part.path, root, current)
            .map((one) => write(part.parts, root, one))
            .join('');
        default:
          throw new TypeError(`unknown part ${JSON.stringify(part satisfies never)}`);
      }
    })
    .join('');
}

/** What a terminal would obey is shown; what is no text is JSON. */
function toText(value: unknown): string {
  return typeof value === 'string' ? toPrintable(value) : JSON.stringify(value);
}

/** Every value that a path leads to; a member that is not there leads to none. */
function find({ isRooted, steps }: Path, root: unknown, current: unknown): readonly unknown[] {
  return steps.reduce<readonly unknown[]>(
    (values, step) => values.flatMap((value) => follow(step, value, root)),
    [isRooted ? root : current],
  );
}

function follow(step: Step, value: unknown, root: unknown): readonly unknown[] {
  switch (step.kind) {
    case 'member':
      return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case 'each':
      return listInside(value);
    case 'below':
      return [value, ...listInside(value).flatMap((one) => follow(step, one, root))];
    case 'items':
      return step.indexes.flatMap((index) => pick(value, index));
    case 'slice':
      return Array.isArray(value) ? (value as readonly unknown[]).slice(step.from, step.to) : [];
    case 'where':
      return listInside(value).filter((one) => {
        const [found] = find(step.path, root, one);
        if (step.compare === undefined) return found !== undefined;
        return (found === step.compare.value) === (step.compare.operator === '==');
      });
    default:
      throw new TypeError(`unknown step ${JSON.stringify(step satisfies never)}`);
  }
}

function pick(value: unknown, index: number): readonly unknown[] {
  if (!Array.isArray(value)) return [];
  const list: readonly unknown[] = value;
  const place = index < 0 ? list.length + index : index;
  return place >= 0 && place < list.length ? [list[place]] : [];
}

function listInside(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  return isObject(value) ? Object.values(value) : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(at: number, message: string): InputError {
  return new InputError('ArgumentInvalid', `-o jsonpath: character ${at + 1}: ${message}`);
}

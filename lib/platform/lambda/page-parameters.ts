import { hash } from 'node:crypto';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { parseListingStart } from '../objects/port/object-store.ts';

/** What follows the question mark of a request for a page of a list. */
export type Parameters = Readonly<Record<string, string | undefined>>;

const CHECK_CHARS = 8;

/** @throws InputError `ArgumentInvalid` */
export function requireKnown(untrusted: Parameters, known: readonly string[]): void {
  const unknown = Object.keys(untrusted).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new InputError(
    'ArgumentInvalid',
    `unknown parameter ${JSON.stringify(shorten(unknown))}; expected ${known.join(', ')}`,
  );
}

/** The key behind which a listing of this prefix goes on. @throws InputError `ArgumentInvalid` */
export function readCursor({ after: cursor }: Parameters, prefix: string): string | undefined {
  if (cursor === undefined) return undefined;
  const after = parseCursor(cursor);
  if (after === undefined) throw refuse('after', cursor, 'the next of a page before');
  verifyPosition(`${prefix}${after}`);
  return after;
}

/** @throws InputError `ArgumentInvalid` */
export function readLimit({ limit }: Parameters, byDefault: number, max: number): number {
  const number = limit === undefined ? byDefault : /^[0-9]{1,3}$/.test(limit) ? Number(limit) : 0;
  if (number >= 1 && number <= max) return number;
  throw refuse('limit', limit ?? '', `a number from 1 to ${max}`);
}

/** Of a parameter's text, which is shown in part. */
export function refuse(name: string, text: string, expected: string): InputError {
  return new InputError('ArgumentInvalid', `${name}: ${JSON.stringify(shorten(text))} is not ${expected}`);
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** A listing has to be able to start there. @throws InputError `ArgumentInvalid` */
export function verifyPosition(after: string): void {
  try {
    parseListingStart({ after });
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new InputError('ArgumentInvalid', 'after: it is not the next of a page before', { cause });
  }
}

/** A position with a sum, so that what is no cursor is told apart. It protects nothing: a position opens nothing. */
export function toCursor(position: string): string {
  return Buffer.from(`${hash('sha256', position).slice(0, CHECK_CHARS)}${position}`).toString('base64url');
}

/** The position that a cursor holds; undefined for what is none. */
export function parseCursor(cursor: string): string | undefined {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const position = text.slice(CHECK_CHARS);
  return position !== '' && toCursor(position) === cursor ? position : undefined;
}

import { JsonNumber, type RawJsonValue } from '../../base/documents/json-value.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';

/** Levels of a value that is brought into canonical form. */
export const MAX_CANONICAL_DEPTH = 32;

/**
 * The one spelling of a JSON value that Rekor signs (RFC 8785): members sorted by UTF-16 code units, numbers as
 * ECMAScript writes them, no white space.
 *
 * @throws SignatureError `SignatureMalformed` for what has no such spelling
 */
export function toCanonicalJson(value: RawJsonValue, depth = 0): string {
  if (depth > MAX_CANONICAL_DEPTH) throw malformed(`more than ${MAX_CANONICAL_DEPTH} levels`);
  if (value instanceof JsonNumber) return toCanonicalNumber(value);
  if (typeof value === 'string') return toCanonicalText(value);
  if (Array.isArray(value)) return `[${value.map((element) => toCanonicalJson(element, depth + 1)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([member, element]) => `${toCanonicalText(member)}:${toCanonicalJson(element, depth + 1)}`);
  return `{${members.join(',')}}`;
}

function toCanonicalNumber({ raw }: JsonNumber): string {
  const number = Number(raw);
  if (!Number.isFinite(number)) throw malformed(`the number ${raw.slice(0, 40)} is too large`);
  return JSON.stringify(number);
}

function toCanonicalText(text: string): string {
  if (!text.isWellFormed()) throw malformed('half a surrogate pair');
  return JSON.stringify(text);
}

function malformed(fault: string): SignatureError {
  return new SignatureError('SignatureMalformed', `the Rekor entry has no canonical form: ${fault}`);
}

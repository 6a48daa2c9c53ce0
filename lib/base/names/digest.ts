import { InputError } from '../errors/input-error.ts';

declare const digestBrand: unique symbol;

/** `sha256:`, `sha384:` or `sha512:` and that algorithm's lower-case hex. Made by {@link parseDigest} alone. */
export type Digest = string & { readonly [digestBrand]: true };

const HEX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
]);

const LOWER_HEX = /^[0-9a-f]+$/;

/** True for exactly the strings that {@link parseDigest} takes; some peers accept more. */
export function isDigest(text: string): text is Digest {
  const separator = text.indexOf(':');
  const hex = text.slice(separator + 1);
  return hex.length === HEX_LENGTHS.get(text.slice(0, separator)) && LOWER_HEX.test(hex);
}

/** @throws InputError `DigestInvalid` naming what was expected. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new InputError('DigestInvalid', `${JSON.stringify(shorten(text))} is not a digest: ${digestFault(text)}`);
}

/** `sha256=<hex>`: a digest as signature stores spell it in a path. */
export function toStoreSegment(digest: Digest): string {
  return digest.replace(':', '=');
}

/** `sha256-<hex>`: a digest as ConfigMap keys and registry tags spell it. */
export function toKeySegment(digest: Digest): string {
  return digest.replace(':', '-');
}

function digestFault(text: string): string {
  const separator = text.indexOf(':');
  if (separator < 0) return 'expected sha256:<64 lower-case hex digits>';
  const algorithm = text.slice(0, separator);
  const expected = HEX_LENGTHS.get(algorithm);
  if (expected === undefined) return `the algorithm must be ${[...HEX_LENGTHS.keys()].join(', ')}`;
  const hex = text.slice(separator + 1);
  if (hex.length !== expected) return `${algorithm} takes ${expected} lower-case hex digits, found ${hex.length}`;
  return 'the digits must be lower-case hex';
}

function shorten(text: string): string {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

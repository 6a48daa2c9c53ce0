import { JsonNumber, type RawJsonValue } from '../base/documents/json-value.ts';
import { parseStrictJsonWithRawNumbers, StrictJsonError } from '../base/documents/parse-strict-json.ts';
import { SignatureError } from '../base/errors/signature-error.ts';
import { type Digest, isDigest } from '../base/names/digest.ts';

/** What a signature says it signed. Meaningful only once the signature around it is verified. */
export interface UntrustedPayload {
  readonly digest: Digest;
  /** As written; in strict mode it may be empty and is yet to be parsed. */
  readonly dockerReference: string;
}

/**
 * Two readers of the same format disagree: `release` follows the cluster-version operator (no unknown member of
 * `optional`, which itself may be missing; a reference; an integer timestamp in plain digits), `strict` follows
 * containers/image (any unknown member of `optional`, which must be there; `1e3` is an integer).
 */
export type PayloadMode = 'release' | 'strict';

type Members = Readonly<Record<string, RawJsonValue>>;

const TYPE = 'atomic container signature';
const PLAIN_INTEGER = /^-?(?:0|[1-9][0-9]*)$/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const MAX_INT64 = 2n ** 63n - 1n;

/** @throws SignatureError `PayloadInvalid` */
export function parseSimpleSigningPayload(content: Uint8Array, mode: PayloadMode): UntrustedPayload {
  const root = members('the payload', parseJson(content), ['critical', 'optional']);
  const critical = members('critical', root['critical'], ['type', 'image', 'identity']);
  if (critical['type'] !== TYPE) throw invalid(`critical.type must be ${JSON.stringify(TYPE)}`);
  const image = members('critical.image', critical['image'], ['docker-manifest-digest']);
  const identity = members('critical.identity', critical['identity'], ['docker-reference']);
  verifyOptional(root, mode);
  const digest = text('docker-manifest-digest', image['docker-manifest-digest']);
  if (!isDigest(digest)) throw invalid(`docker-manifest-digest ${JSON.stringify(digest)} is not a digest`);
  const dockerReference = text('docker-reference', identity['docker-reference']);
  if (mode === 'release' && dockerReference === '') throw invalid('docker-reference is empty');
  return { digest, dockerReference };
}

function parseJson(content: Uint8Array): RawJsonValue {
  let decoded: string;
  try {
    decoded = UTF8.decode(content);
  } catch (cause) {
    throw invalid('it is not UTF-8', cause);
  }
  try {
    return parseStrictJsonWithRawNumbers(decoded);
  } catch (cause) {
    if (cause instanceof StrictJsonError) throw invalid(`it is not strict JSON: ${cause.message}`, cause);
    throw cause;
  }
}

function verifyOptional(root: Members, mode: PayloadMode): void {
  if (mode === 'release' && (root['optional'] ?? null) === null) return;
  const known = mode === 'release' ? ['creator', 'timestamp'] : undefined;
  const { creator, timestamp } = members('optional', root['optional'], known);
  // Both readers take an absent and a null member for the same.
  if (creator !== undefined && creator !== null) text('optional.creator', creator);
  if (timestamp !== undefined && timestamp !== null) verifyTimestamp(timestamp, mode);
}

function verifyTimestamp(timestamp: RawJsonValue, mode: PayloadMode): void {
  if (!(timestamp instanceof JsonNumber)) throw invalid('optional.timestamp is not a number');
  const isPlain = PLAIN_INTEGER.test(timestamp.raw);
  if (mode === 'release' && !isPlain) throw invalid('optional.timestamp is not written as an integer');
  const isInteger = isPlain || Number.isInteger(Number(timestamp.raw));
  if (!isInteger) throw invalid('optional.timestamp is not an integer');
  const value = BigInt(isPlain ? timestamp.raw : Number(timestamp.raw));
  if (value > MAX_INT64 || value < -MAX_INT64 - 1n) throw invalid('optional.timestamp is out of range');
}

/** An object with own members only, none of them unknown (`known` undefined: any may be there). */
function members(name: string, value: RawJsonValue | undefined, known: readonly string[] | undefined): Members {
  if (value === undefined) throw invalid(`${name} is missing`);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof JsonNumber) {
    throw invalid(`${name} is not an object`);
  }
  const unknown = Object.keys(value).find((member) => known !== undefined && !known.includes(member));
  if (unknown !== undefined) throw invalid(`${name} has an unknown member ${JSON.stringify(unknown)}`);
  return value;
}

function text(name: string, value: RawJsonValue | undefined): string {
  if (value === undefined) throw invalid(`${name} is missing`);
  if (typeof value !== 'string') throw invalid(`${name} is not a string`);
  return value;
}

function invalid(fault: string, cause?: unknown): SignatureError {
  return new SignatureError('PayloadInvalid', `the signed payload cannot be used: ${fault}`, { cause });
}

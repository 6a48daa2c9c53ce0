import { JsonNumber, type RawJsonValue } from '../base/documents/json-value.ts';
import { type Digest, isDigest } from '../base/names/digest.ts';
import { createJsonReader, type Members } from './json-reader.ts';

/** What a signature says it signed. Meaningful only once the signature around it is verified. */
export interface UntrustedPayload {
  readonly digest: Digest;
  /** As written; outside mode `release` it may be empty, and it is yet to be parsed. */
  readonly dockerReference: string;
}

/**
 * Three readers of the same format disagree:
 * - `release`, as the cluster-version operator: `optional` may be missing or null and has no unknown member, the
 *   reference is not empty, a timestamp is an integer in plain digits;
 * - `strict`, as containers/image for OpenPGP: `optional` is an object with any members, and `1e3` is an integer;
 * - `cosign`, as containers/image for cosign: as `strict`, but for the type, and `optional` may be null.
 */
export type PayloadMode = 'release' | 'strict' | 'cosign';

const TYPES: Readonly<Record<PayloadMode, string>> = {
  release: 'atomic container signature',
  strict: 'atomic container signature',
  cosign: 'cosign container image signature',
};
const PLAIN_INTEGER = /^-?(?:0|[1-9][0-9]*)$/;
const MAX_INT64 = 2n ** 63n - 1n;
const json = createJsonReader('the signed payload', 'PayloadInvalid', 'replace');

/** @throws SignatureError `PayloadInvalid` */
export function parseSimpleSigningPayload(content: Uint8Array, mode: PayloadMode): UntrustedPayload {
  const root = json.members('the payload', json.parse(content, mode === 'release' ? undefined : 'optional'), [
    'critical',
    'optional',
  ]);
  const critical = json.members('critical', root['critical'], ['type', 'image', 'identity']);
  if (critical['type'] !== TYPES[mode]) throw json.invalid(`critical.type must be ${JSON.stringify(TYPES[mode])}`);
  const image = json.members('critical.image', critical['image'], ['docker-manifest-digest']);
  const identity = json.members('critical.identity', critical['identity'], ['docker-reference']);
  verifyOptional(root, mode);
  const digest = json.text('docker-manifest-digest', image['docker-manifest-digest']);
  if (!isDigest(digest)) throw json.invalid(`docker-manifest-digest ${JSON.stringify(digest)} is not a digest`);
  const named = identity['docker-reference'];
  // To Go null is the empty text, which names nothing.
  const dockerReference = named === null ? '' : json.text('docker-reference', named);
  if (mode === 'release' && dockerReference === '') throw json.invalid('docker-reference is empty');
  return { digest, dockerReference };
}

function verifyOptional(root: Members, mode: PayloadMode): void {
  const { optional } = root;
  if (optional === undefined && mode === 'release') return;
  if (optional === null && mode !== 'strict') return;
  const known = mode === 'release' ? ['creator', 'timestamp'] : undefined;
  const { creator, timestamp } = json.members('optional', optional, known);
  // All readers take an absent and a null member for the same.
  if (creator !== undefined && creator !== null) json.text('optional.creator', creator);
  if (timestamp !== undefined && timestamp !== null) verifyTimestamp(timestamp, mode);
}

function verifyTimestamp(timestamp: RawJsonValue, mode: PayloadMode): void {
  if (!(timestamp instanceof JsonNumber)) throw json.invalid('optional.timestamp is not a number');
  const isPlain = PLAIN_INTEGER.test(timestamp.raw);
  if (mode === 'release' && !isPlain) throw json.invalid('optional.timestamp is not written as an integer');
  const number = Number(timestamp.raw);
  if (!Number.isInteger(number)) throw json.invalid('optional.timestamp is not an integer');
  // The reader of containers/image goes through a double, in which the largest integer of 64 bits is one too many.
  const value = BigInt(mode === 'release' ? timestamp.raw : number);
  if (value > MAX_INT64 || value < -MAX_INT64 - 1n) throw json.invalid('optional.timestamp is out of range');
}

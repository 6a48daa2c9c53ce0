import { JsonNumber, type RawJsonValue } from '../../base/documents/json-value.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { createJsonReader, type Members } from './json-reader.ts';

/** What a cosign signature says it signed. Meaningful only once the signature over it is verified. */
export interface UntrustedCosignPayload {
  readonly digest: Digest;
  /** As written; it may be empty and is yet to be parsed. */
  readonly dockerReference: string;
}

const TYPE = 'cosign container image signature';
const MAX_INT64 = 2 ** 63;
const json = createJsonReader('the signed payload', 'PayloadInvalid');

/**
 * Reads cosign's simple signing payload as containers/image does: no unknown member but in `optional`, which must be
 * there and may be null.
 *
 * @throws SignatureError `PayloadInvalid`
 */
export function parseCosignPayload(content: Uint8Array): UntrustedCosignPayload {
  const root = json.members('the payload', json.parse(content), ['critical', 'optional']);
  const critical = json.members('critical', root['critical'], ['type', 'image', 'identity']);
  if (critical['type'] !== TYPE) throw json.invalid(`critical.type must be ${JSON.stringify(TYPE)}`);
  const image = json.members('critical.image', critical['image'], ['docker-manifest-digest']);
  const identity = json.members('critical.identity', critical['identity'], ['docker-reference']);
  verifyOptional(root);
  const digest = json.text('docker-manifest-digest', image['docker-manifest-digest']);
  if (!isDigest(digest)) throw json.invalid(`docker-manifest-digest ${JSON.stringify(digest)} is not a digest`);
  return { digest, dockerReference: json.text('docker-reference', identity['docker-reference']) };
}

/** cosign writes null where no annotation was asked for. */
function verifyOptional(root: Members): void {
  if (root['optional'] === null) return;
  const { creator, timestamp } = json.members('optional', root['optional'], undefined);
  // Peers take an absent and a null member for the same.
  if (creator !== undefined && creator !== null) json.text('optional.creator', creator);
  if (timestamp !== undefined && timestamp !== null) verifyTimestamp(timestamp);
}

/** `1e3` is an integer here. */
function verifyTimestamp(timestamp: RawJsonValue): void {
  if (!(timestamp instanceof JsonNumber)) throw json.invalid('optional.timestamp is not a number');
  const value = Number(timestamp.raw);
  if (!Number.isInteger(value)) throw json.invalid('optional.timestamp is not an integer');
  if (value >= MAX_INT64 || value < -MAX_INT64) throw json.invalid('optional.timestamp is out of range');
}

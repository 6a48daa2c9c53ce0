import type { RawJsonValue } from '../../base/documents/json-value.ts';
import { isUnixTime } from '../../base/documents/unix-time.ts';
import { createJsonReader } from './json-reader.ts';

/** The annotation in which cosign keeps what Rekor signed: "signed entry timestamp" and the entry. */
export interface UntrustedRekorSet {
  readonly signedEntryTimestamp: Buffer;
  /** Not looked into before the signature over its canonical form is verified. */
  readonly payload: RawJsonValue;
}

/** An entry as Rekor signed it. */
export interface RekorPayload {
  readonly body: Buffer;
  /** Seconds since 1970. */
  readonly integratedTime: number;
  readonly logIndex: number;
  readonly logId: string;
}

const setJson = createJsonReader('the Rekor signed entry timestamp', 'SignatureMalformed');
const payloadJson = createJsonReader('the Rekor entry', 'SignatureMalformed');

/** @throws SignatureError `SignatureMalformed` */
export function parseRekorSet(content: string): UntrustedRekorSet {
  const members = setJson.members('it', setJson.parse(content), ['SignedEntryTimestamp', 'Payload']);
  const signedEntryTimestamp = setJson.bytes('SignedEntryTimestamp', members['SignedEntryTimestamp']);
  const { Payload: payload } = members;
  if (payload === undefined) throw setJson.invalid('Payload is missing');
  return { signedEntryTimestamp, payload };
}

/** @throws SignatureError `SignatureMalformed` */
export function parseRekorPayload(content: string): RekorPayload {
  const known = ['body', 'integratedTime', 'logIndex', 'logID'];
  const members = payloadJson.members('it', payloadJson.parse(content), known);
  const integratedTime = payloadJson.integer('integratedTime', members['integratedTime']);
  if (!isUnixTime(integratedTime)) throw payloadJson.invalid(`integratedTime ${integratedTime} is no time`);
  return {
    body: payloadJson.bytes('body', members['body']),
    integratedTime,
    logIndex: payloadJson.integer('logIndex', members['logIndex']),
    logId: payloadJson.text('logID', members['logID']),
  };
}

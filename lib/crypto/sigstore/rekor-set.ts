import { hash, type KeyObject } from 'node:crypto';
import type { RawJsonValue } from '../../base/documents/json-value.ts';
import { isUnixTime } from '../../base/documents/unix-time.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { createJsonReader } from '../json-reader.ts';
import { toCanonicalJson } from './canonical-json.ts';
import { trySinglePem } from './x509/der.ts';
import { verifyBlob } from './x509/public-key.ts';

/** The signature that the entry has to be about. */
interface LoggedSignature {
  /** DER of the public key or certificate that signed. */
  readonly keyOrCertificate: Uint8Array;
  readonly signature: Uint8Array;
  readonly content: Uint8Array;
}

/**
 * Checks that one of the Rekor keys logged this very signature. Returns the time of the entry, in seconds since 1970.
 *
 * @throws SignatureError `SignatureMalformed`; `LogEntryInvalid` when no Rekor key signed the entry or it is about
 *   another key, signature or content
 */
export function verifyRekorSet(rekorKeys: readonly KeyObject[], untrustedSet: string, logged: LoggedSignature): number {
  const { signedEntryTimestamp, payload } = parseRekorSet(untrustedSet);
  const canonical = toCanonicalJson(payload);
  try {
    verifyBlob(rekorKeys, Buffer.from(canonical), signedEntryTimestamp);
  } catch (cause) {
    if (!(cause instanceof SignatureError)) throw cause;
    throw new SignatureError('LogEntryInvalid', `Rekor's signed entry timestamp: ${cause.message}`, { cause });
  }
  // From here on only the verified text is read, not the one that was sent.
  const { body, integratedTime } = parseRekorPayload(canonical);
  const entry = parseHashedRekord(body);
  if (!entry.keyOrCertificate.equals(logged.keyOrCertificate)) {
    throw new SignatureError('LogEntryInvalid', 'the Rekor entry is about another key or certificate');
  }
  if (!entry.signature.equals(logged.signature)) {
    throw new SignatureError('LogEntryInvalid', 'the Rekor entry is about another signature');
  }
  if (!entry.contentHash.equals(hash('sha256', logged.content, 'buffer'))) {
    throw new SignatureError('LogEntryInvalid', 'the Rekor entry is about other content');
  }
  return integratedTime;
}

/** The annotation in which cosign keeps what Rekor signed: "signed entry timestamp" and the entry. */
interface UntrustedRekorSet {
  readonly signedEntryTimestamp: Buffer;
  /** Not looked into before the signature over its canonical form is verified. */
  readonly payload: RawJsonValue;
}

/** An entry as Rekor signed it. */
interface RekorPayload {
  readonly body: Buffer;
  /** Seconds since 1970. */
  readonly integratedTime: number;
  readonly logIndex: number;
  readonly logId: string;
}

const setJson = createJsonReader('the Rekor signed entry timestamp', 'SignatureMalformed', 'replace');
const payloadJson = createJsonReader('the Rekor entry', 'SignatureMalformed', 'replace');

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

/** What a Rekor entry of the kind `hashedrekord` says was logged. */
interface HashedRekord {
  /** SHA-256 of the signed bytes. */
  readonly contentHash: Buffer;
  readonly signature: Buffer;
  /** DER of the public key or certificate. */
  readonly keyOrCertificate: Buffer;
}

const VERSION = '0.0.1';
const LOWER_HEX_SHA256 = /^[0-9a-f]{64}$/;
const rekordJson = createJsonReader('the body of the Rekor entry', 'SignatureMalformed', 'replace');

/** Other members are allowed and ignored. @throws SignatureError `SignatureMalformed` */
function parseHashedRekord(content: Uint8Array): HashedRekord {
  const root = rekordJson.members('it', rekordJson.parse(content), undefined);
  if (root['kind'] !== 'hashedrekord') throw rekordJson.invalid('kind must be "hashedrekord"');
  if (root['apiVersion'] !== VERSION) throw rekordJson.invalid(`apiVersion must be ${JSON.stringify(VERSION)}`);
  const spec = rekordJson.members('spec', root['spec'], undefined);
  const data = rekordJson.members('spec.data', spec['data'], undefined);
  const hashed = rekordJson.members('spec.data.hash', data['hash'], undefined);
  if (hashed['algorithm'] !== 'sha256') throw rekordJson.invalid('spec.data.hash.algorithm must be "sha256"');
  const value = rekordJson.text('spec.data.hash.value', hashed['value']);
  if (!LOWER_HEX_SHA256.test(value)) throw rekordJson.invalid('spec.data.hash.value is not the hex of a SHA-256');
  const signature = rekordJson.members('spec.signature', spec['signature'], undefined);
  const publicKey = rekordJson.members('spec.signature.publicKey', signature['publicKey'], undefined);
  const pem = rekordJson.bytes('spec.signature.publicKey.content', publicKey['content']).toString('latin1');
  const block = trySinglePem(pem);
  if (block === undefined) throw rekordJson.invalid('spec.signature.publicKey.content is not one PEM block');
  return {
    contentHash: Buffer.from(value, 'hex'),
    signature: rekordJson.bytes('spec.signature.content', signature['content']),
    keyOrCertificate: block.der,
  };
}

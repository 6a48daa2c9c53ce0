import { type Bundle, bundleFromJSON, ValidationError } from '@sigstore/bundle';
import { tryDecodeBase64 } from '../../base/documents/decode.ts';
import { isJsonObject, JsonNumber, type RawJsonValue } from '../../base/documents/json-value.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { createJsonReader } from '../json-reader.ts';
import { type Certificate, MAX_SENT_CERTIFICATES, parseSentCertificate } from './x509/certificate.ts';

/** Log entries, and timestamps, that a bundle may bring along. */
export const MAX_BUNDLE_PROOFS = 16;

const V02 = 'application/vnd.dev.sigstore.bundle+json;version=0.2';
const VERSIONS: ReadonlySet<unknown> = new Set([
  'application/vnd.dev.sigstore.bundle+json;version=0.1',
  V02,
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
  'application/vnd.dev.sigstore.bundle.v0.3+json',
]);
/** Members that hold bytes, wherever they are: the library would skip what is no base64 in them. */
const BYTES: ReadonlySet<string> = new Set([
  'rawBytes',
  'signature',
  'sig',
  'payload',
  'digest',
  'keyId',
  'canonicalizedBody',
  'signedEntryTimestamp',
  'signedTimestamp',
  'rootHash',
  'hashes',
]);
const json = createJsonReader('the bundle', 'SignatureMalformed');

/**
 * Reads a Sigstore bundle of version 0.1 to 0.3. Nothing in it is proven.
 *
 * Strict JSON before the library's own reading, which takes the last of two members of one name.
 *
 * @throws SignatureError `SignatureMalformed`, `LimitExceeded`
 */
export function parseBundle(untrustedBytes: Uint8Array, limitBytes: number): Bundle {
  if (untrustedBytes.length > limitBytes) {
    throw new SignatureError('LimitExceeded', `the bundle is longer than ${limitBytes} bytes`);
  }
  const root = json.members('it', json.parse(untrustedBytes), undefined);
  checkBytes(root);
  if (!VERSIONS.has(root['mediaType'])) {
    throw json.invalid(`mediaType ${JSON.stringify(root['mediaType'] ?? null)} is not that of a bundle 0.1 to 0.3`);
  }
  const content: unknown = JSON.parse(Buffer.from(untrustedBytes).toString('utf8'));
  const bundle = readByLibrary(allowNoDigest(allowChain(content)));
  const { tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  const timestamps = timestampVerificationData?.rfc3161Timestamps ?? [];
  if (tlogEntries.length > MAX_BUNDLE_PROOFS || timestamps.length > MAX_BUNDLE_PROOFS) {
    const limit = `more than ${MAX_BUNDLE_PROOFS} log entries or timestamps`;
    throw new SignatureError('LimitExceeded', `the bundle has ${limit}`);
  }
  return bundle;
}

function readByLibrary(content: unknown): Bundle {
  try {
    return bundleFromJSON(content);
  } catch (cause) {
    const fault = cause instanceof ValidationError ? cause.message : 'it is not a Sigstore bundle';
    throw new SignatureError('SignatureMalformed', `the bundle cannot be used: ${fault}`, { cause });
  }
}

/** The strict reading before has bounded the depth. */
function checkBytes(value: RawJsonValue, name = ''): void {
  if (typeof value === 'string') {
    if (BYTES.has(name) && tryDecodeBase64(value) === undefined) throw json.invalid(`${name} is not base64`);
  } else if (Array.isArray(value)) {
    for (const element of value) checkBytes(element, name);
  } else if (typeof value === 'object' && value !== null && !(value instanceof JsonNumber)) {
    for (const [member, element] of Object.entries(value)) checkBytes(element, member);
  }
}

/**
 * cosign writes chains of private authorities into version 0.3, which knows single certificates alone. All other rules
 * of 0.3 are those of 0.2, and so such a bundle is read as one.
 */
function allowChain(content: unknown): unknown {
  if (!isJsonObject(content) || !isJsonObject(content['verificationMaterial'])) return content;
  const hasChain = Object.hasOwn(content['verificationMaterial'], 'x509CertificateChain');
  const isFirst = content['mediaType'] === 'application/vnd.dev.sigstore.bundle+json;version=0.1';
  return hasChain && !isFirst ? { ...content, mediaType: V02 } : content;
}

/** Stands for the digest that a bundle does not state. No digest is that short. */
export const NO_DIGEST: Buffer = Buffer.from([0]);

/**
 * cosign 3 states no digest where it signs a file by an Ed25519 key, and its library wants one: the digest is a hint, and
 * the signature is over the file.
 */
function allowNoDigest(content: unknown): unknown {
  if (!isJsonObject(content) || !isJsonObject(content['messageSignature'])) return content;
  const { messageSignature } = content;
  const { messageDigest } = messageSignature;
  if (!isJsonObject(messageDigest) || Object.keys(messageDigest).length > 0) return content;
  const digest = NO_DIGEST.toString('base64');
  return { ...content, messageSignature: { ...messageSignature, messageDigest: { algorithm: 0, digest } } };
}

/** The signer's certificate and what was sent to lead from it to a trusted one. */
export interface SentCertificates {
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
}

/** @throws SignatureError `KeyUnknown` for a bundle by a key, `SignatureMalformed`, `LimitExceeded` */
export function readCertificates(bundle: Bundle): SentCertificates {
  const { content } = bundle.verificationMaterial;
  if (content.$case === 'publicKey') {
    throw new SignatureError('KeyUnknown', 'the bundle is signed with a key and not with a certificate');
  }
  const sent = content.$case === 'certificate' ? [content.certificate] : content.x509CertificateChain.certificates;
  if (sent.length > MAX_SENT_CERTIFICATES) {
    throw new SignatureError('LimitExceeded', `the bundle has more than ${MAX_SENT_CERTIFICATES} certificates`);
  }
  const [leaf, ...intermediates] = sent.map(({ rawBytes }) =>
    parseSentCertificate(rawBytes, 'a certificate of the bundle'),
  );
  if (leaf === undefined) throw new SignatureError('SignatureMalformed', 'the bundle has no certificate');
  return { leaf, intermediates };
}

/** The signature that the bundle is about. The library has checked that there is exactly one. */
export function readSignature({ content }: Bundle): Buffer {
  if (content.$case === 'messageSignature') return content.messageSignature.signature;
  const [signature] = content.dsseEnvelope.signatures;
  if (signature === undefined) throw new SignatureError('SignatureMalformed', 'the bundle has no signature');
  return signature.sig;
}

/** The pre-authentication encoding of DSSE version 1: what an envelope's signature is over. */
export function toSignedBytes(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType);
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]);
}

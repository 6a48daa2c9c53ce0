import { createJsonReader } from './json-reader.ts';
import { trySinglePem } from './x509/pem.ts';

/** What a Rekor entry of the kind `hashedrekord` says was logged. */
export interface HashedRekord {
  /** SHA-256 of the signed bytes. */
  readonly contentHash: Buffer;
  readonly signature: Buffer;
  /** DER of the public key or certificate. */
  readonly keyOrCertificate: Buffer;
}

const VERSION = '0.0.1';
const LOWER_HEX_SHA256 = /^[0-9a-f]{64}$/;
const json = createJsonReader('the body of the Rekor entry', 'SignatureMalformed');

/** Members that nobody compares may be there. @throws SignatureError `SignatureMalformed` */
export function parseHashedRekord(content: Uint8Array): HashedRekord {
  const root = json.members('it', json.parse(content), undefined);
  if (root['kind'] !== 'hashedrekord') throw json.invalid('kind must be "hashedrekord"');
  if (root['apiVersion'] !== VERSION) throw json.invalid(`apiVersion must be ${JSON.stringify(VERSION)}`);
  const spec = json.members('spec', root['spec'], undefined);
  const data = json.members('spec.data', spec['data'], undefined);
  const hash = json.members('spec.data.hash', data['hash'], undefined);
  if (hash['algorithm'] !== 'sha256') throw json.invalid('spec.data.hash.algorithm must be "sha256"');
  const value = json.text('spec.data.hash.value', hash['value']);
  if (!LOWER_HEX_SHA256.test(value)) throw json.invalid('spec.data.hash.value is not the hex of a SHA-256');
  const signature = json.members('spec.signature', spec['signature'], undefined);
  const publicKey = json.members('spec.signature.publicKey', signature['publicKey'], undefined);
  const pem = json.bytes('spec.signature.publicKey.content', publicKey['content']).toString('latin1');
  const block = trySinglePem(pem);
  if (block === undefined) throw json.invalid('spec.signature.publicKey.content is not one PEM block');
  return {
    contentHash: Buffer.from(value, 'hex'),
    signature: json.bytes('spec.signature.content', signature['content']),
    keyOrCertificate: block.der,
  };
}

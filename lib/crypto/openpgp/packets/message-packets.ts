import { SignatureError } from '../../../base/errors/signature-error.ts';
import { createByteReader } from './byte-reader.ts';
import { toHex } from './hex.ts';

/** A one-pass signature packet (RFC 9580 section 5.4): an announcement that the signature packet has to repeat. */
export interface OnePassSignature {
  readonly type: number;
  readonly hashAlgorithm: number;
  readonly publicKeyAlgorithm: number;
  readonly keyId: string;
}

/** Binary, text and UTF-8 text: framing only, the content is taken as it is. */
const LITERAL_MODES = new Set([0x62, 0x74, 0x75]);

/** @throws SignatureError `SignatureMalformed`, `SignatureUnsupported` */
export function parseOnePass(body: Uint8Array): OnePassSignature {
  const reader = createByteReader(body, 'one-pass packet');
  const version = reader.byte();
  if (version !== 3) {
    throw new SignatureError('SignatureUnsupported', `version ${version} one-pass packets are not supported`);
  }
  const type = reader.byte();
  const hashAlgorithm = reader.byte();
  const publicKeyAlgorithm = reader.byte();
  const keyId = toHex(reader.bytes(8));
  if (reader.byte() !== 1) throw new SignatureError('SignatureUnsupported', 'the message announces a nested signature');
  if (reader.remaining() > 0) throw malformed('the one-pass packet goes on after its end');
  return { type, hashAlgorithm, publicKeyAlgorithm, keyId };
}

/** The content of a literal data packet. @throws SignatureError `SignatureMalformed` */
export function parseLiteral(body: Uint8Array): Uint8Array {
  const reader = createByteReader(body, 'literal packet');
  if (!LITERAL_MODES.has(reader.byte())) throw malformed('the literal packet has an unknown mode');
  // File name and date are not signed: read past, never used.
  reader.bytes(reader.byte());
  reader.uint32();
  return reader.bytes(reader.remaining());
}

function malformed(message: string): SignatureError {
  return new SignatureError('SignatureMalformed', message);
}

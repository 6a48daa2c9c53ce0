import { SignatureError } from '../../../base/errors/signature-error.ts';
import { createByteReader, toHex } from '../packets/byte-reader.ts';
import { readSalt, toKeyId, type UntrustedSignature } from '../packets/signature-packet.ts';

/** A one-pass signature packet (RFC 9580 section 5.4): an announcement that the signature packet has to repeat. */
export interface OnePassSignature {
  /** 3 before signatures of version 3 and 4, 6 before those of version 6. */
  readonly version: 3 | 6;
  readonly type: number;
  readonly hashAlgorithm: number;
  readonly publicKeyAlgorithm: number;
  readonly salt: Uint8Array;
  readonly keyId: string;
  /** Of version 6 alone. */
  readonly fingerprint: string | undefined;
  /** False where another one-pass packet over the same content follows. */
  readonly isLast: boolean;
}

const SignatureType = { binary: 0x00, text: 0x01 } as const;

/**
 * @param allowed whether another one-pass packet may follow it
 * @throws SignatureError `SignatureMalformed`, `SignatureUnsupported`
 */
export function parseOnePass(body: Uint8Array, allowed: 'one alone' | 'several' = 'one alone'): OnePassSignature {
  const reader = createByteReader(body, 'one-pass packet');
  const version = reader.byte();
  if (version !== 3 && version !== 6) {
    throw new SignatureError('SignatureUnsupported', `version ${version} one-pass packets are not supported`);
  }
  const type = reader.byte();
  const hashAlgorithm = reader.byte();
  const publicKeyAlgorithm = reader.byte();
  const salt = version === 6 ? readSalt(reader, hashAlgorithm) : new Uint8Array();
  const fingerprint = version === 6 ? toHex(reader.bytes(32)) : undefined;
  const keyId = fingerprint === undefined ? toHex(reader.bytes(8)) : toKeyId(fingerprint);
  const last = reader.byte();
  // Readers disagree about values beyond 1.
  if (last > 1 || (last === 0 && allowed === 'one alone')) {
    throw new SignatureError('SignatureUnsupported', 'the message announces a nested signature');
  }
  if (reader.remaining() > 0) throw malformed('bytes follow the content of the one-pass packet');
  return { version, type, hashAlgorithm, publicKeyAlgorithm, salt, keyId, fingerprint, isLast: last === 1 };
}

/** @throws SignatureError where a signature is not the one that was announced, or not over a document */
export function requireAgreement(onePass: OnePassSignature, signature: UntrustedSignature): void {
  const { fingerprint } = onePass;
  if (
    (signature.issuerKeyId !== undefined && signature.issuerKeyId !== onePass.keyId) ||
    (fingerprint !== undefined && (signature.issuerFingerprint ?? fingerprint) !== fingerprint)
  ) {
    throw malformed('the one-pass packet and the signature name different keys');
  }
  if (
    signature.type !== onePass.type ||
    signature.hashAlgorithm !== onePass.hashAlgorithm ||
    signature.publicKeyAlgorithm !== onePass.publicKeyAlgorithm ||
    (signature.version === 6) !== (onePass.version === 6) ||
    !Buffer.from(signature.salt).equals(onePass.salt)
  ) {
    throw malformed('the one-pass packet and the signature disagree');
  }
  if (signature.type !== SignatureType.binary && signature.type !== SignatureType.text) {
    throw new SignatureError('SignatureUnsupported', `a signature of type ${signature.type} is not over a document`);
  }
}

function malformed(message: string): SignatureError {
  return new SignatureError('SignatureMalformed', message);
}

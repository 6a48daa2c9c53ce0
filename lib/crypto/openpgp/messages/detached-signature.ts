import { SignatureError } from '../../../base/errors/signature-error.ts';
import type { IndexedKeyring } from '../keys/keyring.ts';
import { PacketTag, readNextPacket } from '../packets/packet-reader.ts';
import { parseSignaturePacket, type UntrustedSignature } from '../packets/signature-packet.ts';
import { type VerifiedMessage, verifyMessage } from './verify-message.ts';

/** Signatures that one file may hold over the same content. */
export const MAX_DETACHED_SIGNATURES = 16;

/** What a signature may be over: bytes, or text whose line ends are CR LF. */
const DOCUMENT_TYPES: readonly number[] = [0x00, 0x01];

/**
 * Reads detached signatures: signature packets, and others that every reader ignores.
 *
 * @throws SignatureError `SignatureMalformed`, `SignatureUnsupported`, `LimitExceeded`
 */
export function parseDetachedSignatures(untrustedBytes: Uint8Array): readonly UntrustedSignature[] {
  return splitDetachedSignatures(untrustedBytes).map(parseDocumentSignature);
}

/**
 * The bodies of the signature packets, for a reader that one of them must not keep from the others.
 *
 * @throws SignatureError as {@link parseDetachedSignatures}, but not for what a signature holds
 */
export function splitDetachedSignatures(untrustedBytes: Uint8Array): readonly Uint8Array[] {
  const signatures: Uint8Array[] = [];
  for (let offset = 0; ;) {
    const packet = readNextPacket(untrustedBytes, offset);
    if (packet === undefined) break;
    const { tag, body, end } = packet;
    if (tag !== PacketTag.signature) {
      throw new SignatureError('SignatureUnsupported', `packet ${tag} stands among signatures`);
    }
    if (signatures.length === MAX_DETACHED_SIGNATURES) {
      throw new SignatureError('LimitExceeded', `there are more than ${MAX_DETACHED_SIGNATURES} signatures`);
    }
    signatures.push(body);
    offset = end;
  }
  if (signatures.length === 0) throw new SignatureError('SignatureMalformed', 'there is no signature');
  return signatures;
}

/**
 * By the rules for a message that carries its content: cryptography, then the key, then the times.
 *
 * @param now seconds since 1970
 * @throws SignatureError with the code that says why not
 */
export function verifyDetachedSignature(
  signature: UntrustedSignature,
  content: Uint8Array,
  keyring: IndexedKeyring,
  now: number,
): VerifiedMessage {
  const signerKeyId = requireKeyId(signature);
  return verifyMessage({ content, signature, signerKeyId, compression: undefined }, keyring, now);
}

/** @throws SignatureError `SignatureUnsupported` for a signature that names no key */
export function requireKeyId({ issuerKeyId }: UntrustedSignature): string {
  if (issuerKeyId !== undefined) return issuerKeyId;
  throw new SignatureError('SignatureUnsupported', 'the signature names no key');
}

/** @throws SignatureError for a signature that cannot be read, or is not over a document */
export function parseDocumentSignature(body: Uint8Array): UntrustedSignature {
  const signature = parseSignaturePacket(body);
  if (DOCUMENT_TYPES.includes(signature.type)) return signature;
  throw new SignatureError('SignatureUnsupported', `a signature of type ${signature.type} is not over a document`);
}

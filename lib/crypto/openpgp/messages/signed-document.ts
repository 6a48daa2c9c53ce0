import { SignatureError } from '../../../base/errors/signature-error.ts';
import { createByteReader } from '../packets/byte-reader.ts';
import { decompress } from '../packets/decompress.ts';
import { PacketTag, readNextPacket } from '../packets/packet-reader.ts';
import { parseSignaturePacket, type UntrustedSignature } from '../packets/signature-packet.ts';
import { MAX_DETACHED_SIGNATURES } from './detached-signature.ts';
import { type OnePassSignature, parseLiteral, parseOnePass, requireAgreement } from './signed-message.ts';

/** Bytes of a message with its content, as it comes and after decompression; longer ones are not read. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** One signature of a message, not read yet: one that cannot be read keeps nobody from the others. */
export interface UnreadSignature {
  /** @throws SignatureError for a signature that cannot be read, or is not the one that was announced */
  readonly parse: () => UntrustedSignature & { readonly signerKeyId: string };
}

/** A message with its content and the signatures over it. Nothing in it is proven. */
export interface UntrustedSignedDocument {
  readonly content: Uint8Array;
  readonly compression: number | undefined;
  /** As they stand in it; none for a message that is not signed. */
  readonly signatures: readonly UnreadSignature[];
}

/**
 * Reads `[compressed(] one-pass…, literal, signature… [)]` and nothing else: each signature over the one content, announced
 * in reverse order. A release signature is read by `parseSignedMessage` instead, which takes one signature alone.
 *
 * @throws SignatureError `SignatureMalformed`, `SignatureUnsupported`, `LimitExceeded`
 */
export function parseSignedDocument(untrustedBytes: Uint8Array): UntrustedSignedDocument {
  if (untrustedBytes.length > MAX_DOCUMENT_BYTES) throw tooLong();
  const outer = readNextPacket(untrustedBytes, 0);
  if (outer?.tag !== PacketTag.compressedData) return parseSequence(untrustedBytes, undefined);
  requireEnd(untrustedBytes, outer.end);
  const compression = createByteReader(outer.body, 'compressed packet').byte();
  const packets = decompress(compression, outer.body.subarray(1), MAX_DOCUMENT_BYTES);
  return parseSequence(packets, compression);
}

function parseSequence(bytes: Uint8Array, compression: number | undefined): UntrustedSignedDocument {
  let next = readNextPacket(bytes, 0);
  const onePasses: Uint8Array[] = [];
  for (; next?.tag === PacketTag.onePassSignature; next = readNextPacket(bytes, next.end)) {
    if (onePasses.length === MAX_DETACHED_SIGNATURES) {
      throw new SignatureError('LimitExceeded', `there are more than ${MAX_DETACHED_SIGNATURES} signatures`);
    }
    onePasses.push(next.body);
  }
  if (next?.tag !== PacketTag.literalData) throw unexpected(next?.tag);
  const content = parseLiteral(next.body);
  const signatures = onePasses.toReversed().map((announced, index): UnreadSignature => {
    next = next && readNextPacket(bytes, next.end);
    if (next?.tag !== PacketTag.signature) throw malformed('not every announced signature is there');
    const { body } = next;
    return { parse: () => parseAnnounced(announced, body, index === 0) };
  });
  requireNesting(onePasses);
  requireEnd(bytes, next?.end ?? bytes.length);
  return { content, compression, signatures };
}

/** One that calls itself the last and is not signs the signatures behind it too: readers disagree about what that is. */
function requireNesting(onePasses: readonly Uint8Array[]): void {
  for (const [index, body] of onePasses.entries()) {
    if ((body.at(-1) === 1) !== (index === onePasses.length - 1)) {
      throw new SignatureError('SignatureUnsupported', 'a signature covers another signature');
    }
  }
}

function parseAnnounced(
  announced: Uint8Array,
  body: Uint8Array,
  isLast: boolean,
): ReturnType<UnreadSignature['parse']> {
  const onePass: OnePassSignature = parseOnePass(announced, isLast ? 'one alone' : 'several');
  const signature = parseSignaturePacket(body);
  requireAgreement(onePass, signature);
  const issuerFingerprint = signature.issuerFingerprint ?? onePass.fingerprint;
  return { ...signature, issuerFingerprint, signerKeyId: onePass.keyId };
}

function unexpected(tag: number | undefined): SignatureError {
  switch (tag) {
    case undefined:
      return malformed('the message ends early');
    case PacketTag.publicKeyEncryptedSessionKey:
    case PacketTag.symmetricKeyEncryptedSessionKey:
    case PacketTag.encryptedData:
    case PacketTag.encryptedIntegrityProtectedData:
    case PacketTag.aeadEncryptedData:
      return new SignatureError('SignatureUnsupported', 'the message is encrypted');
    case PacketTag.signature:
      return new SignatureError('SignatureUnsupported', 'a signature stands before its content, or alone');
    case PacketTag.compressedData:
      return new SignatureError('SignatureUnsupported', 'compressed data lies inside compressed or signed data');
    default:
      return new SignatureError('SignatureUnsupported', `packet ${tag} does not belong into a signed message`);
  }
}

/** @throws SignatureError for anything behind the message but packets that are ignored */
function requireEnd(bytes: Uint8Array, offset: number): void {
  const isPacket = ((bytes[offset] ?? 0x80) & 0x80) !== 0;
  if (!isPacket || readNextPacket(bytes, offset) !== undefined) throw malformed('bytes follow the message');
}

function tooLong(): SignatureError {
  return new SignatureError('LimitExceeded', `a message has at most ${MAX_DOCUMENT_BYTES} bytes`);
}

function malformed(message: string): SignatureError {
  return new SignatureError('SignatureMalformed', message);
}

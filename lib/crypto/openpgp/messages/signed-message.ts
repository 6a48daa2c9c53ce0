import { SignatureError } from '../../../base/errors/signature-error.ts';
import { createByteReader, toHex } from '../packets/byte-reader.ts';
import { decompress, MAX_DECOMPRESSED_BYTES } from '../packets/decompress.ts';
import { type Packet, PacketTag, readNextPacket } from '../packets/packet-reader.ts';
import { parseSignaturePacket, readSalt, toKeyId, type UntrustedSignature } from '../packets/signature-packet.ts';

/** A message of the one accepted shape. Nothing in it is proven. */
export interface UntrustedSignedMessage {
  /** The literal data, as it is in the packet. */
  readonly content: Uint8Array;
  readonly signature: UntrustedSignature;
  /** 16 hex digits, on which the one-pass packet and the signature agree. */
  readonly signerKeyId: string;
  /** Algorithm of the compressed data packet around it; undefined without one. */
  readonly compression: number | undefined;
}

/** Bytes of a signed message as fetched; longer ones are not read. */
export const MAX_MESSAGE_BYTES = 50 * 1024;

const SignatureType = { binary: 0x00, text: 0x01 } as const;

/**
 * Reads `[compressed(] one-pass, literal, signature [)]` and nothing else: one signature, and before, between and after
 * them packets alone that every reader ignores. Every other shape is refused with a code, however well signed.
 *
 * @throws SignatureError `SignatureMalformed`, `SignatureUnsupported`, `LimitExceeded`
 */
export function parseSignedMessage(untrustedBytes: Uint8Array): UntrustedSignedMessage {
  const { packets, compression } = openMessage(untrustedBytes);
  return parseSequence(packets, compression);
}

function openMessage(untrustedBytes: Uint8Array): { packets: Uint8Array; compression: number | undefined } {
  if (untrustedBytes.length > MAX_MESSAGE_BYTES) {
    throw new SignatureError('LimitExceeded', `a signature has at most ${MAX_MESSAGE_BYTES} bytes`);
  }
  refuseText(untrustedBytes);
  const outer = readNextPacket(untrustedBytes, 0);
  if (outer?.tag !== PacketTag.compressedData) return { packets: untrustedBytes, compression: undefined };
  requireEnd(untrustedBytes, outer.end);
  const compression = createByteReader(outer.body, 'compressed packet').byte();
  const packets = decompress(compression, outer.body.subarray(1));
  // Algorithm 0 passes its input through, so the limit is checked here once for all.
  if (packets.length > MAX_DECOMPRESSED_BYTES) throw new SignatureError('LimitExceeded', 'the message is too long');
  return { packets, compression };
}

function parseSequence(bytes: Uint8Array, compression: number | undefined): UntrustedSignedMessage {
  const onePassPacket = expectPacket(bytes, 0, PacketTag.onePassSignature);
  const literalPacket = expectPacket(bytes, onePassPacket.end, PacketTag.literalData);
  const signaturePacket = expectPacket(bytes, literalPacket.end, PacketTag.signature);
  requireEnd(bytes, signaturePacket.end);
  const onePass = parseOnePass(onePassPacket.body);
  const signature = parseSignaturePacket(signaturePacket.body);
  requireAgreement(onePass, signature);
  const issuerFingerprint = signature.issuerFingerprint ?? onePass.fingerprint;
  return {
    content: parseLiteral(literalPacket.body),
    signature: { ...signature, issuerFingerprint },
    signerKeyId: onePass.keyId,
    compression,
  };
}

function expectPacket(bytes: Uint8Array, offset: number, tag: number): Packet {
  const packet = readNextPacket(bytes, offset);
  if (packet === undefined) throw new SignatureError('SignatureUnsupported', missing(tag));
  if (packet.tag === tag) return packet;
  throw new SignatureError('SignatureUnsupported', unexpected(packet.tag, tag));
}

function missing(expected: number): string {
  return expected === PacketTag.signature ? 'the message carries no signature' : 'the message ends early';
}

function unexpected(found: number, expected: number): string {
  switch (found) {
    case PacketTag.publicKeyEncryptedSessionKey:
    case PacketTag.symmetricKeyEncryptedSessionKey:
    case PacketTag.encryptedData:
    case PacketTag.encryptedIntegrityProtectedData:
    case PacketTag.aeadEncryptedData:
      return 'the message is encrypted';
    case PacketTag.signature:
      return 'a signature stands before its content, or alone: a release signature contains what it signs';
    case PacketTag.onePassSignature:
      return 'the message carries more than one signature';
    case PacketTag.compressedData:
      return 'compressed data lies inside compressed or signed data';
    case PacketTag.literalData:
      return expected === PacketTag.onePassSignature ? 'the message is not signed' : 'the message has two contents';
    default:
      return `packet ${found} does not belong into a release signature`;
  }
}

/** @throws SignatureError for anything behind the message but packets that are ignored */
function requireEnd(bytes: Uint8Array, offset: number): void {
  const isPacket = ((bytes[offset] ?? 0x80) & 0x80) !== 0;
  const packet = isPacket ? readNextPacket(bytes, offset) : undefined;
  if (packet?.tag === PacketTag.signature) {
    throw new SignatureError('SignatureUnsupported', 'the message carries more than one signature');
  }
  if (!isPacket || packet !== undefined) throw malformed('bytes follow the message');
}

/**
 * The bytes that the signature covers before its trailer: for a text signature, line feeds become CR LF
 * (RFC 9580 section 5.2.1.2).
 */
export function toSignedContent({ content, signature }: UntrustedSignedMessage): Uint8Array {
  if (signature.type !== SignatureType.text) return content;
  const canonical = Buffer.alloc(content.length * 2);
  let length = 0;
  let previous = 0;
  for (const octet of content) {
    if (octet === 0x0a && previous !== 0x0d) canonical[length++] = 0x0d;
    canonical[length++] = octet;
    previous = octet;
  }
  return canonical.subarray(0, length);
}

function refuseText(bytes: Uint8Array): void {
  const first = bytes[0];
  if (first === undefined) throw malformed('the signature is empty');
  if ((first & 0x80) !== 0) return;
  if (Buffer.from(bytes.subarray(0, 64)).toString('latin1').startsWith('-----BEGIN PGP')) {
    throw new SignatureError('SignatureUnsupported', 'the signature is armored; stores hold binary messages');
  }
  throw malformed('the signature is not an OpenPGP message');
}

function malformed(message: string): SignatureError {
  return new SignatureError('SignatureMalformed', message);
}

/** Binary, text and UTF-8 text: framing only, the content is taken as it is. */
const LITERAL_MODES = new Set([0x62, 0x74, 0x75]);

/** The content of a literal data packet. @throws SignatureError `SignatureMalformed` */
export function parseLiteral(body: Uint8Array): Uint8Array {
  const reader = createByteReader(body, 'literal packet');
  if (!LITERAL_MODES.has(reader.byte())) throw malformed('the literal packet has an unknown mode');
  // File name and date are not signed: read past, never used.
  reader.bytes(reader.byte());
  reader.uint32();
  return reader.bytes(reader.remaining());
}

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

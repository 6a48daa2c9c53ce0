import { SignatureError } from '../../base/errors/signature-error.ts';
import { type CleartextMessage, parseCleartextMessage } from '../../crypto/openpgp/messages/cleartext-message.ts';
import { MAX_DETACHED_SIGNATURES, parseDetachedSignatures } from '../../crypto/openpgp/messages/detached-signature.ts';
import { parseSignedMessage, type UntrustedSignedMessage } from '../../crypto/openpgp/messages/signed-message.ts';
import { BEGIN_ARMOR, decodeArmoredBlock, splitArmoredText, startsArmor } from '../../crypto/openpgp/packets/armor.ts';
import { PacketTag, readPacket } from '../../crypto/openpgp/packets/packet-reader.ts';
import type { UntrustedSignature } from '../../crypto/openpgp/packets/signature-packet.ts';

/** A line that no signature of its file covers. */
export interface OutsideLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** The form of a file, by its content only: real files are named `.gpg` and `.sig` in any form. */
export type SignedFile =
  | { readonly kind: 'inline'; readonly message: UntrustedSignedMessage; readonly outside: readonly OutsideLine[] }
  | { readonly kind: 'clearsigned'; readonly message: CleartextMessage; readonly outside: readonly OutsideLine[] }
  | {
      readonly kind: 'detached';
      readonly signatures: readonly UntrustedSignature[];
      readonly outside: readonly OutsideLine[];
    }
  /** Without OpenPGP data: a plain list, or anything else. */
  | { readonly kind: 'unsigned' };

/**
 * Recognises the form of a file and parses it. Text around armor is returned separately: no signature covers it.
 *
 * @throws SignatureError for OpenPGP data of another form, or of two forms in one file
 */
export function parseSignedFile(untrustedBytes: Uint8Array): SignedFile {
  // OpenPGP packets start with the highest bit set, ASCII text does not.
  if (((untrustedBytes[0] ?? 0) & 0x80) !== 0) return parseBinary(untrustedBytes, []);
  const lines = splitArmoredText(untrustedBytes);
  const start = lines.findIndex((line) => line.startsWith(BEGIN_ARMOR));
  if (start < 0) return { kind: 'unsigned' };
  if (startsArmor(lines[start], 'SIGNED MESSAGE')) {
    const message = parseCleartextMessage(lines, start);
    return { kind: 'clearsigned', message, outside: listOutside(lines, [message.frame]) };
  }
  if (startsArmor(lines[start], 'MESSAGE')) return parseArmoredMessage(lines, start);
  if (startsArmor(lines[start], 'SIGNATURE')) return parseArmoredSignatures(lines, start);
  throw new SignatureError(
    'SignatureUnsupported',
    `line ${start + 1}: ${lines[start] ?? ''} does not start a signature`,
  );
}

function parseBinary(untrustedBytes: Uint8Array, outside: readonly OutsideLine[]): SignedFile {
  if (readPacket(untrustedBytes, 0).tag !== PacketTag.signature) {
    return { kind: 'inline', message: parseSignedMessage(untrustedBytes), outside };
  }
  return { kind: 'detached', signatures: parseDetachedSignatures(untrustedBytes), outside };
}

function parseArmoredMessage(lines: readonly string[], start: number): SignedFile {
  const { bytes, end } = decodeArmoredBlock(lines, start);
  const another = lines.findIndex((line, index) => index > end && line.startsWith(BEGIN_ARMOR));
  if (another >= 0) {
    throw new SignatureError('SignatureUnsupported', `line ${another + 1}: a second signed part in one file`);
  }
  const outside = listOutside(lines, [{ first: start + 1, last: end + 1 }]);
  return { kind: 'inline', message: parseSignedMessage(bytes), outside };
}

/** Consecutive armor blocks hold signatures of the same file. */
function parseArmoredSignatures(lines: readonly string[], start: number): SignedFile {
  const blocks: Uint8Array[] = [];
  const frames: { first: number; last: number }[] = [];
  for (let index = start; index >= 0;) {
    if (!startsArmor(lines[index], 'SIGNATURE')) {
      throw new SignatureError('SignatureUnsupported', `line ${index + 1}: expected another signature block`);
    }
    if (blocks.length === MAX_DETACHED_SIGNATURES) {
      throw new SignatureError('LimitExceeded', `there are more than ${MAX_DETACHED_SIGNATURES} blocks of signatures`);
    }
    const { bytes, end } = decodeArmoredBlock(lines, index);
    blocks.push(bytes);
    frames.push({ first: index + 1, last: end + 1 });
    index = lines.findIndex((line, position) => position > end && line.startsWith(BEGIN_ARMOR));
  }
  const signatures = parseDetachedSignatures(Buffer.concat(blocks));
  return { kind: 'detached', signatures, outside: listOutside(lines, frames) };
}

function listOutside(
  lines: readonly string[],
  frames: readonly { readonly first: number; readonly last: number }[],
): readonly OutsideLine[] {
  return lines.flatMap((text, index) => {
    const line = index + 1;
    const isInside = frames.some(({ first, last }) => line >= first && line <= last);
    return isInside || text === '' ? [] : [{ line, text }];
  });
}

import { SignatureError } from '../../../base/errors/signature-error.ts';
import { BEGIN_ARMOR, decodeArmoredBlock, startsArmor } from '../packets/armor.ts';
import type { UntrustedSignature } from '../packets/signature-packet.ts';
import { parseDetachedSignatures } from './detached-signature.ts';

/** A text in the cleartext signature framework (RFC 9580 section 7). Nothing in it is proven. */
export interface CleartextMessage {
  /** The text as it is signed: without dash-escapes and spaces at line ends, lines joined by CR LF. */
  readonly content: Uint8Array;
  /** Line of the file, from 1, on which the text begins. */
  readonly firstLine: number;
  readonly signatures: readonly UntrustedSignature[];
  /** First and last line of the signed part, its frame included. */
  readonly frame: { readonly first: number; readonly last: number };
}

/** Names of a `Hash` header, by the number that a signature gives (RFC 9580 section 9.5). */
const HASH_NAMES: ReadonlyMap<string, number> = new Map([
  ['MD5', 1],
  ['SHA1', 2],
  ['RIPEMD160', 3],
  ['SHA256', 8],
  ['SHA384', 9],
  ['SHA512', 10],
  ['SHA224', 11],
  ['SHA3-256', 12],
  ['SHA3-512', 14],
]);
const HASH_HEADER = 'Hash: ';

/**
 * Reads the one clearsigned text of a file, which begins at `start`. Headers but `Hash`, lines that should be escaped
 * and a hash that no header announces are refused, as by gpg: each could show text that nobody signed. A
 * second signed text, or a second block of signatures, rejects the whole file.
 *
 * @param lines without their ends and the spaces before those
 * @throws SignatureError, with the line
 */
export function parseCleartextMessage(lines: readonly string[], start: number): CleartextMessage {
  const { text, firstLine, announced, block, frame } = readCleartextFrame(lines, start);
  const signatures = parseDetachedSignatures(block);
  if (signatures.some((signature) => !isAnnounced(signature, announced))) {
    throw malformed(start, 'no Hash header names the hash of the signature');
  }
  return { content: toCleartextContent(text), firstLine, signatures, frame };
}

/** A clearsigned text whose signatures are not read yet. */
export interface CleartextFrame {
  /** Its lines, without dash-escapes and spaces at line ends. */
  readonly text: readonly string[];
  readonly firstLine: number;
  /** Numbers of the hashes that its headers name. */
  readonly announced: ReadonlySet<number>;
  /** Signature packets. */
  readonly block: Uint8Array;
  readonly frame: CleartextMessage['frame'];
}

/** The frame of {@link parseCleartextMessage}, for a reader that one signature must not keep from the others. */
export function readCleartextFrame(lines: readonly string[], start: number): CleartextFrame {
  const blank = lines.indexOf('', start + 1);
  if (blank < 0) throw malformed(start, 'no empty line ends the headers of the signed text');
  const announced = new Set<number>();
  for (let index = start + 1; index < blank; index++) {
    for (const algorithm of parseHashHeader(lines[index] ?? '', index)) announced.add(algorithm);
  }
  const text: string[] = [];
  let index = blank + 1;
  for (; index < lines.length && !startsArmor(lines[index], 'SIGNATURE'); index++) {
    text.push(unescapeDash(lines[index] ?? '', index));
  }
  if (index === lines.length) throw malformed(start, 'no signature follows the text that starts here');
  const { bytes: block, end } = decodeArmoredBlock(lines, index);
  const another = lines.findIndex((line, position) => position > end && line.startsWith(BEGIN_ARMOR));
  if (another >= 0) {
    throw new SignatureError('SignatureUnsupported', `line ${another + 1}: the file goes on with another signed part`);
  }
  return { text, firstLine: blank + 2, announced, block, frame: { first: start + 1, last: end + 1 } };
}

/** A version 6 signature needs no announcement: its salt is hashed first, and is known at the end alone (section 7.1). */
export function isAnnounced(
  { version, hashAlgorithm }: UntrustedSignature,
  announced: CleartextFrame['announced'],
): boolean {
  return version === 6 || announced.has(hashAlgorithm);
}

/** The lines of a clearsigned text as they are signed. */
export function toCleartextContent(text: readonly string[]): Uint8Array {
  return Buffer.from(text.join('\r\n'), 'latin1');
}

function parseHashHeader(line: string, index: number): readonly number[] {
  if (!line.startsWith(HASH_HEADER)) throw malformed(index, 'a signed text has no other header than Hash');
  return line
    .slice(HASH_HEADER.length)
    .split(',')
    .map((name) => {
      const algorithm = HASH_NAMES.get(name.trim());
      if (algorithm === undefined) throw malformed(index, `${JSON.stringify(name.trim())} is not a known hash`);
      return algorithm;
    });
}

/** Only escaped lines may start with a dash: another reader could mistake any other for the frame. */
function unescapeDash(line: string, index: number): string {
  if (!line.startsWith('-')) return line;
  if (startsArmor(line, 'SIGNED MESSAGE')) {
    throw new SignatureError('SignatureUnsupported', `line ${index + 1}: a second signed text starts in the first`);
  }
  if (line === '-') return '';
  if (!line.startsWith('- '))
    throw malformed(index, 'a line of the signed text starts with a dash that is not escaped');
  return line.slice(2);
}

function malformed(index: number, message: string): SignatureError {
  return new SignatureError('SignatureMalformed', `line ${index + 1}: ${message}`);
}

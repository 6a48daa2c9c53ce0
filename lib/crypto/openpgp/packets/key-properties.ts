import { SignatureError } from '../../../base/errors/signature-error.ts';
import { readRevocationKeys, readSubpackets, splitAreas } from './signature-subpackets.ts';

/** What a certificate's own signature says about a key (RFC 9580 section 5.2.3.11 on). */
export interface KeyProperties {
  /** Seconds after the key's creation; undefined: it never expires. */
  readonly lifetime: number | undefined;
  /** First octet of the key flags; undefined: none are given. */
  readonly flags: number | undefined;
  /** Bodies of signatures by the key that is bound. They prove themselves, so they may be in either area. */
  readonly embedded: readonly Uint8Array[];
}

const KEY_EXPIRATION_TIME = 9;
const NOTATION = 20;
const KEY_FLAGS = 27;
const EMBEDDED_SIGNATURE = 32;

/**
 * Subpackets that may be critical here: times, preferences, flags and names, none of which takes more back than what is
 * read of it. Not among them: trust, regular expressions, notations and whatever is not known.
 */
const UNDERSTOOD: readonly number[] = [
  2, 3, 4, 7, 9, 11, 12, 16, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 32, 33, 34, 39,
];
/** Those that may be given once: readers disagree about which of two counts. */
const ONCE_ONLY: readonly number[] = [2, 3, KEY_EXPIRATION_TIME, KEY_FLAGS];

/**
 * Properties are read in the area that the signature protects alone: outside it anybody can write them.
 *
 * @param body a signature packet of version 4 or 6
 * @throws SignatureError `SignatureUnsupported` for what is critical and not understood, `SignatureMalformed`
 */
export function readKeyProperties(body: Uint8Array): KeyProperties {
  const { hashedArea, unhashedArea } = splitAreas(body);
  const seen = new Set<number>();
  const embedded: Uint8Array[] = [];
  let lifetime: number | undefined;
  let flags: number | undefined;
  for (const { type, critical, body: content } of readSubpackets(hashedArea)) {
    if (critical && !UNDERSTOOD.includes(type)) {
      const what = type === NOTATION ? 'a critical notation' : `critical subpacket ${type}`;
      throw new SignatureError('SignatureUnsupported', `${what} is not understood`);
    }
    if (seen.has(type) && ONCE_ONLY.includes(type)) throw malformed(`subpacket ${type} is given twice`);
    seen.add(type);
    if (type === KEY_EXPIRATION_TIME) lifetime = content.uint32();
    if (type === KEY_FLAGS) flags = content.remaining() === 0 ? 0 : content.byte();
    if (type === EMBEDDED_SIGNATURE) embedded.push(content.bytes(content.remaining()));
  }
  for (const { type, body: content } of readSubpackets(unhashedArea)) {
    if (type === EMBEDDED_SIGNATURE) embedded.push(content.bytes(content.remaining()));
  }
  if (!readRevocationKeys(hashedArea).isUnderstood) {
    throw new SignatureError('SignatureUnsupported', 'a revocation key is named in a form that is not known');
  }
  return { lifetime: lifetime === 0 ? undefined : lifetime, flags, embedded };
}

function malformed(message: string): SignatureError {
  return new SignatureError('SignatureMalformed', message);
}

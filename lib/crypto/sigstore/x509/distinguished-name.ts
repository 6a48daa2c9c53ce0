import { decodeUtf8 } from '../../../base/documents/decode.ts';
import { DerError, DerTag, type DerValue, expectDer, readDerValues, toDottedOid } from './der.ts';

/** The characters that a value may have, by its tag. Go rejects any other tag. */
const TEXTS: ReadonlyMap<number, (content: Buffer) => boolean> = new Map([
  [0x0c, isUtf8],
  [0x12, (content) => isMadeOf(content, /^[0-9 ]*$/)],
  [0x13, (content) => isMadeOf(content, /^[A-Za-z0-9'()+,\-./ :=?*&]*$/)],
  [0x14, () => true],
  [0x16, (content) => content.every((octet) => octet < 0x80)],
  [0x1e, isUcs2],
]);

/** A distinguished name as it is compared: its bytes. @throws DerError for what Go's reader refuses */
export function requireName(name: DerValue | undefined): Buffer {
  for (const set of readDerValues(expectDer(name, DerTag.sequence))) {
    for (const attribute of readDerValues(expectDer(set, DerTag.set))) {
      const [type, value] = readDerValues(expectDer(attribute, DerTag.sequence));
      toDottedOid(expectDer(type, DerTag.objectIdentifier));
      const isText = value !== undefined && TEXTS.get(value.tag)?.(value.content) === true;
      if (!isText) throw new DerError('a name is not made of text');
    }
  }
  if (name === undefined) throw new DerError('a name is missing');
  return name.encoded;
}

function isMadeOf(content: Buffer, characters: RegExp): boolean {
  return characters.test(content.toString('latin1'));
}

function isUtf8(content: Buffer): boolean {
  try {
    decodeUtf8(content);
    return true;
  } catch {
    return false;
  }
}

/** Two octets a character, none of them a surrogate or no character at all. */
function isUcs2(content: Buffer): boolean {
  if (content.length % 2 !== 0) return false;
  for (let at = 0; at < content.length; at += 2) {
    const code = content.readUInt16BE(at);
    if ((code >= 0xd800 && code < 0xe000) || (code >= 0xfdd0 && code < 0xfdf0) || code >= 0xfffe) return false;
  }
  return true;
}

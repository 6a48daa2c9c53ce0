import { decodeUtf8 } from '../../base/documents/decode.ts';
import { isJsonObject, type JsonValue } from '../../base/documents/json-value.ts';

/** What can be imported, for a message about a file that cannot. */
export const EXPECTED =
  'expected a bundle of signet bundle create, signature ConfigMaps as YAML or JSON, or what oc-mirror wrote';

/** Bytes that a file begins with, by the kind of file. */
const MAGIC: readonly (readonly [kind: string, begin: readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['a zip archive', [0x50, 0x4b, 0x03, 0x04]],
  ['packed by zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['packed by xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['packed by bzip2', [0x42, 0x5a, 0x68]],
];
/** Where tar has its mark. */
const TAR_MARK = 257;
const SHOWN_CHARS = 40;
const SHOWN_MEMBERS = 4;

/** What a file looks like, of which nothing could be imported: `text that begins with "hello"`. */
export function describeContent(untrusted: Uint8Array): string {
  const bytes = Buffer.from(untrusted.buffer, untrusted.byteOffset, untrusted.byteLength);
  if (bytes.length === 0) return 'this is empty';
  const magic = MAGIC.find(([, begin]) => begin.every((byte, at) => bytes[at] === byte));
  if (magic !== undefined) return `this is ${magic[0]}`;
  if (bytes.toString('latin1', TAR_MARK, TAR_MARK + 5) === 'ustar') return 'this is a tar archive';
  const text = toText(bytes);
  if (text === undefined) return 'this is no text';
  if (text.trim() === '') return 'this is blank';
  const value = readJson(text);
  if (value !== undefined) return describeJson(value);
  return `this is text that begins with ${shorten(text.trim().split('\n', 1)[0] ?? '')}`;
}

function toText(bytes: Buffer): string | undefined {
  try {
    const text = decodeUtf8(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function readJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

function describeJson(value: JsonValue): string {
  if (Array.isArray(value)) return 'this is a JSON array';
  if (!isJsonObject(value)) return 'this is a JSON value';
  const { kind } = value;
  if (typeof kind === 'string') return `this is JSON of kind ${shorten(kind)}`;
  const members = Object.keys(value).slice(0, SHOWN_MEMBERS).map(shorten);
  return members.length === 0 ? 'this is an empty JSON object' : `this is JSON with ${members.join(', ')}`;
}

/** In quotes, so that nothing of it is taken for words of the message. */
function shorten(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text);
}

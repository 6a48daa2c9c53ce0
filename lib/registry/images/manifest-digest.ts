import { hash } from 'node:crypto';
import { decodeUtf8 } from '../../base/documents/decode.ts';
import { isJsonObject, JsonNumber, type RawJsonValue } from '../../base/documents/json-value.ts';
import {
  parseStrictJson,
  parseStrictJsonWithRawNumbers,
  StrictJsonError,
} from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, parseDigest } from '../../base/names/digest.ts';

/** What a node takes a manifest for by this member alone, whatever else is in it. */
const KNOWN_TYPES: readonly unknown[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const WHITE_SPACE = ' \t\r\n';

/**
 * The SHA-256 that signatures name: over the manifest's bytes, or, for a Docker schema 1 manifest that carries JWS
 * signatures, over the bytes that those sign.
 *
 * @throws StoreError `ContentMismatch` where those bytes cannot be told
 */
export function manifestDigest(untrustedManifest: Uint8Array): Digest {
  const signed = isSignedSchema1(tryParse(untrustedManifest)) ? readSignedBytes(untrustedManifest) : untrustedManifest;
  return parseDigest(`sha256:${hash('sha256', signed, 'hex')}`);
}

/** What cannot be read as strict JSON is taken as it is: its digest then covers every byte. */
function tryParse(bytes: Uint8Array): RawJsonValue | undefined {
  return unlessUnreadable(() => parseStrictJsonWithRawNumbers(decodeUtf8(bytes)));
}

function isSignedSchema1(manifest: RawJsonValue | undefined): boolean {
  if (!isJsonObject(manifest) || manifest instanceof JsonNumber) return false;
  const { mediaType, schemaVersion, signatures }: Record<string, unknown> = manifest;
  const isSchema1 = schemaVersion instanceof JsonNumber && schemaVersion.raw === '1';
  return isSchema1 && !KNOWN_TYPES.includes(mediaType) && (signatures ?? null) !== null;
}

/**
 * The manifest without its member `signatures`: each of these says how many bytes come before it, and how the rest
 * goes on. Nothing else may stand in that place: it would be part of the image, and of nothing that was signed.
 */
function readSignedBytes(manifest: Uint8Array): Uint8Array {
  const formats = readSignatureBlocks(manifest).map(readFormat);
  const [first] = formats;
  if (first === undefined) throw unreadable('there is none');
  if (formats.some(({ length, tail }) => length !== first.length || tail !== first.tail)) {
    throw unreadable('they disagree about what they sign');
  }
  if (!Number.isInteger(first.length) || first.length < 0 || first.length > manifest.length) {
    throw unreadable('they sign more than there is');
  }
  if (trim(first.tail) !== '}' || !isSignaturesAlone(manifest.subarray(first.length))) {
    throw unreadable('something that they do not sign stands beside them');
  }
  return Buffer.concat([manifest.subarray(0, first.length), Buffer.from(first.tail)]);
}

function readSignatureBlocks(manifest: Uint8Array): readonly unknown[] {
  const parsed = parseStrictJson(decodeUtf8(manifest));
  const blocks = isJsonObject(parsed) ? parsed['signatures'] : undefined;
  if (Array.isArray(blocks)) return blocks;
  throw unreadable('they are not a list');
}

function readFormat(block: unknown): { readonly length: number; readonly tail: string } {
  const untrusted = isJsonObject(block) ? block['protected'] : undefined;
  const header = typeof untrusted === 'string' ? tryParse(Buffer.from(untrusted, 'base64url')) : undefined;
  if (isJsonObject(header) && !(header instanceof JsonNumber)) {
    const { formatLength, formatTail }: Record<string, unknown> = header;
    const tail = typeof formatTail === 'string' ? decodeTail(formatTail) : undefined;
    if (formatLength instanceof JsonNumber && tail !== undefined) return { length: Number(formatLength.raw), tail };
  }
  throw unreadable('a protected header does not say what it signs');
}

function decodeTail(text: string): string | undefined {
  return unlessUnreadable(() => decodeUtf8(Buffer.from(text, 'base64url')));
}

/** True for `,"signatures":…}` and nothing more. */
function isSignaturesAlone(rest: Uint8Array): boolean {
  const text = trim(unlessUnreadable(() => decodeUtf8(rest)) ?? '');
  if (!text.startsWith(',')) return false;
  const members = unlessUnreadable(() => parseStrictJson(`{${text.slice(1)}`));
  return isJsonObject(members) && Object.keys(members).length === 1 && Object.hasOwn(members, 'signatures');
}

/** JSON's white space alone, of which `String.trim` knows more. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE_SPACE.includes(text.charAt(start))) start += 1;
  while (end > start && WHITE_SPACE.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function unlessUnreadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    // The decoder's own error for what is not UTF-8 is a TypeError.
    if (error instanceof StrictJsonError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function unreadable(fault: string): StoreError {
  return new StoreError(
    'ContentMismatch',
    `the manifest has no digest, because its JWS signatures cannot be read: ${fault}`,
  );
}

import { SignatureError } from '../errors/signature-error.ts';

/**
 * Standard base64 with its padding and no stray bits; line breaks are skipped, as peers do.
 *
 * @throws SignatureError `SignatureMalformed`, naming `what`
 */
export function decodeBase64(text: string, what: string): Buffer {
  const bytes = tryDecodeBase64(text);
  if (bytes === undefined) throw new SignatureError('SignatureMalformed', `${what} is not base64`);
  return bytes;
}

/** As {@link decodeBase64}; undefined when it is not base64. */
export function tryDecodeBase64(text: string): Buffer | undefined {
  const bare = text.replaceAll('\r', '').replaceAll('\n', '');
  const bytes = Buffer.from(bare, 'base64');
  // Node skips what it does not know; only a text that comes back the same was base64.
  return bytes.toString('base64') === bare ? bytes : undefined;
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of UTF-8; a byte order mark stays, so that a strict reader refuses it. @throws TypeError for any other bytes */
export function decodeUtf8(bytes: Uint8Array): string {
  return STRICT.decode(bytes);
}

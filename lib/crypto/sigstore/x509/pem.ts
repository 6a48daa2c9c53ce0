import { tryDecodeBase64 } from '../../../base/documents/base64.ts';

export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** The blocks of a text, and all of it that is in none: a broken block is in `rest`. */
export interface PemText {
  readonly blocks: readonly PemBlock[];
  readonly rest: string;
}

const BLOCK = /^-----BEGIN ([A-Z0-9 ]+)-----[ \t]*\r?\n([A-Za-z0-9+/=\s]*)-----END \1-----[ \t]*\r?$/gm;

/** Splits RFC 7468 text; blocks with headers (RFC 1421) are not read. */
export function splitPem(text: string): PemText {
  const blocks: PemBlock[] = [];
  const rest = text.replaceAll(BLOCK, (whole, label: string, body: string) => {
    const der = tryDecodeBase64(body.replaceAll(/\s/g, ''));
    if (der === undefined) return whole;
    blocks.push({ label, der });
    return '';
  });
  return { blocks, rest };
}

/** The one block of a text that holds nothing else; undefined otherwise. */
export function trySinglePem(text: string): PemBlock | undefined {
  const { blocks, rest } = splitPem(text);
  return blocks.length === 1 && rest.trim() === '' ? blocks[0] : undefined;
}

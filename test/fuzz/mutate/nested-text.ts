import type { Draw } from '../draw.ts';
import { mutateDer } from './der-tree.ts';
import { type MutateText, mutatePlainText, mutateTree, type Tree, toTree } from './json-tree.ts';
import { writeTree } from './write-tree.ts';

const PEM = /-----BEGIN ([A-Z ]+)-----\n([A-Za-z0-9+/=\n]+)-----END \1-----\n?/;
const BASE64 = /^[A-Za-z0-9+/]{8,}={0,2}$/;
const OPEN_BRACE = 0x7b;
const SEQUENCE = 0x30;

/**
 * Changes a string by what is in it, through every layer: JSON in base64 in JSON, DER in PEM in base64. A string with
 * nothing in it is changed as text.
 */
export const mutateNestedText: MutateText = (draw, text) => {
  if (draw.once(8)) return mutatePlainText(draw, text);
  const inner = text.startsWith('{') ? tryParse(text) : undefined;
  if (inner !== undefined) return writeTree(draw, mutateTree(draw, inner, [inner], mutateNestedText));
  if (text.includes('-----BEGIN')) return mutatePem(draw, text);
  if (BASE64.test(text) && text.length % 4 === 0) {
    const bytes = Buffer.from(text, 'base64');
    if (bytes[0] === SEQUENCE) return mutateDer(draw, bytes, []).toString('base64');
    const isText = bytes[0] === OPEN_BRACE || bytes.subarray(0, 10).toString() === '-----BEGIN';
    if (isText) return Buffer.from(mutateNestedText(draw, bytes.toString())).toString('base64');
    const changed = Buffer.from(mutatePlainBytes(draw, bytes)).toString('base64');
    return draw.once(10) ? changed.replaceAll('=', '') : changed;
  }
  return mutatePlainText(draw, text);
};

function mutatePlainBytes(draw: Draw, bytes: Buffer): Buffer {
  return mutateDer(draw, bytes, []);
}

/** A block of PEM: its DER, its frame, how often it is there. */
function mutatePem(draw: Draw, text: string): string {
  const [block = text, label = '', body = ''] = PEM.exec(text) ?? [];
  const der = Buffer.from(body, 'base64');
  switch (draw.below(8)) {
    case 0:
      return text + block;
    case 1:
      return text.replace(block, '');
    case 2:
      return text.replaceAll('\n', '\r\n');
    case 3:
      return text.replace(label, draw.pick(['CERTIFICATE', 'PUBLIC KEY', 'RSA PUBLIC KEY', 'TRUSTED CERTIFICATE', '']));
    case 4:
      return text.split(block).toReversed().join(block);
    default:
      return text.replace(body, `${mutateDer(draw, der, []).toString('base64')}\n`);
  }
}

function tryParse(text: string): Tree | undefined {
  try {
    return toTree(JSON.parse(text));
  } catch {
    return undefined;
  }
}

import { expect, test } from 'vitest';
import { decodeUtf8 } from '../../../lib/base/documents/decode.ts';

test('bytes that are no character are refused, and the next text is read from its start', () => {
  expect(() => decodeUtf8(Buffer.from([0x61, 0xe2, 0x82]))).toThrow(TypeError);
  expect(decodeUtf8(Buffer.from('ä€'))).toBe('ä€');
});

test('a byte order mark stays in the text', () => {
  expect(decodeUtf8(Buffer.from('\ufeff{}'))).toBe('\ufeff{}');
});

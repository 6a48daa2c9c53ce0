import { describe, expect, test } from 'vitest';
import { digestDocuments, trustRevision } from '../../../lib/trust/prepared/trust-document.ts';
import { file } from '../sample-documents.ts';

function revisionOf(name: string, text: string): string {
  return trustRevision(digestDocuments([file(name, text)]));
}

describe('revision', () => {
  // Computed with printf and sha256sum alone.
  test.each([
    [
      'two documents, whatever their order',
      [file('b/c.yaml', 'x: 1\n'), file('a.yaml', '')],
      '459456669ad2f0e216d30cf03ca1058de7647f007be544ef4902316916e49a8d',
    ],
    ['none', [], 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [
      'names in the order of their UTF-8 bytes, which is not that of JavaScript',
      [file('\u{1F600}', 'b'), file('\uFFFD', 'a')],
      '409ef386ca9f80e7e32d369d2854d92fd69fcc40d4dcf0d9c8347e9d6f3fe51f',
    ],
  ])('%s', (_name, documents, revision) => {
    expect(trustRevision(digestDocuments(documents))).toBe(revision);
    expect(trustRevision(digestDocuments(documents).toReversed())).toBe(revision);
  });

  test('depends on names as on bytes', () => {
    expect(new Set([revisionOf('a', ''), revisionOf('b', ''), revisionOf('a', ' ')]).size).toBe(3);
  });
});

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { toManifestsText, toManifestText } from '../../../lib/base/documents/manifest-text.ts';

/** Texts that one of the two versions of YAML takes for something else. */
const TEXTS = [
  'yes',
  'no',
  'on',
  'off',
  'y',
  'N',
  'true',
  'null',
  '~',
  '012',
  '0o17',
  '0x1f',
  '1:30',
  '1_000',
  '1e3',
  '2026-11-30',
  '',
];

describe('a manifest in YAML', () => {
  test.each(TEXTS)('says %j as a text in every version', (text) => {
    const manifest = { metadata: { labels: { [text]: text } } };
    const written = toManifestText(manifest, 'yaml');
    expect([parse(written, { version: '1.1' }), parse(written, { version: '1.2' })]).toEqual([manifest, manifest]);
  });

  test('is one document of several', () => {
    expect(toManifestsText([{ a: 'no' }, { b: 1 }], 'yaml')).toBe('a: "no"\n---\nb: 1\n');
  });
});

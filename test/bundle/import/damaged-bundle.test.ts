import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { inspectBundle } from '../../../lib/bundle/import/inspect-bundle.ts';
import {
  createScratch,
  digestOf,
  importInto,
  makeBundle,
  makeBundleSigner,
  makeMirror,
  NOW,
  SIGNAL,
  snapshot,
} from '../bundle-setup.ts';
import { craftGzip } from '../craft-archive.ts';

const ANY_TEXT: unknown = expect.any(String);
const newPath = createScratch('bundle-damaged-');
const signer = await makeBundleSigner();
const DIGESTS = Array.from({ length: 6 }, (_, index) => digestOf(`damaged ${index}`));
const { bundle } = await makeBundle(makeMirror(signer, DIGESTS), [signer.profile]);
const whole = await importBytes(bundle);

/** What became of a bundle, and what then lies in a destination that was not there before. */
async function importBytes(bytes: Uint8Array) {
  const [file, to] = [newPath('bundle.tar.gz'), newPath('site')];
  await writeFile(file, bytes);
  const report = await importInto(file, to, [signer.profile]);
  return { file, report, site: await snapshot(to) };
}

test('the bundle that is damaged here is good', () => {
  expect([whole.report.outcome, whole.report.written]).toEqual(['imported', 6]);
});

test('of 300 flipped bits none is taken for a bundle with other contents', async () => {
  const codes = new Map<string, number>();
  const bits = bundle.length * 8;
  for (let count = 0; count < 300; count += 1) {
    const bit = Math.floor((count * bits) / 300 + Math.random() * (bits / 300));
    const flipped = Buffer.from(bundle);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const { report, site } = await importBytes(flipped);
    const [fault] = report.faults;
    // Deflate leaves a few bits unused.
    if (report.outcome === 'imported') expect(site).toEqual(whole.site);
    else expect([report.outcome === 'unreadable' || fault !== undefined, report.written, site]).toEqual([true, 0, {}]);
    // Without its magic it is no bundle, and so has no fault of one.
    if (fault !== undefined) expect(fault.path !== undefined || fault.code === 'NotABundle').toBe(true);
    const code = report.outcome === 'imported' ? 'none' : (fault?.code ?? 'no magic');
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect(codes.get('none') ?? 0).toBeLessThan(5);
});

test('each bit of the first and the last bytes', async () => {
  for (const offset of [...Array(10).keys(), ...Array.from({ length: 8 }, (_, index) => bundle.length - 8 + index)]) {
    for (let bit = 0; bit < 8; bit += 1) {
      const flipped = Buffer.from(bundle);
      flipped[offset] = (flipped[offset] ?? 0) ^ (1 << bit);
      const { report, site } = await importBytes(flipped);
      // The magic decides whether it is a bundle at all.
      expect([report.outcome, site]).toEqual(['unreadable', {}]);
    }
  }
});

test('a long file with a fault in its beginning is let go of', async () => {
  const long = Buffer.concat([Buffer.from('not a bundle'.padEnd(512)), randomBytes(8 * 1024 * 1024)]);
  const { report } = await importBytes(craftGzip(long));
  expect(report.faults.map(({ code }) => code)).toEqual(['Damaged']);
});

describe('cut', () => {
  test('at every 512 bytes, it is truncated and says behind which file', async () => {
    for (let length = 512; length < bundle.length; length += 512) {
      const { report, site } = await importBytes(bundle.subarray(0, length));
      expect([report.outcome, site]).toEqual(['unreadable', {}]);
      expect(report.faults).toEqual([{ code: 'Truncated', path: ANY_TEXT, message: ANY_TEXT }]);
    }
  });

  test('at every block of the tar, packed anew, it is truncated or damaged', async () => {
    const tar = gunzipSync(bundle);
    for (let length = 512; length < tar.length; length += 512) {
      const { report, site } = await importBytes(craftGzip(tar.subarray(0, length)));
      expect([report.outcome, report.faults.map(({ code }) => code), site]).toEqual(['unreadable', ['Truncated'], {}]);
    }
  });

  test('in its last nine bytes', async () => {
    for (let length = bundle.length - 9; length < bundle.length; length += 1) {
      const { file, report, site } = await importBytes(bundle.subarray(0, length));
      expect([report.outcome, site]).toEqual(['unreadable', {}]);
      const inspection = await inspectBundle({ file, profiles: [signer.profile], now: NOW, signal: SIGNAL });
      expect(inspection.outcome).toBe('unreadable');
    }
  });
});

import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type BundleFile, writeArchive } from '../../../lib/bundle/format/archive.ts';

const MANY = Array.from({ length: 3_000 }, (_, index) => ({ path: `f/${index}`, bytes: Buffer.from(`file ${index}`) }));

describe('an archive', () => {
  it.each([
    ['of nothing', []],
    ['that fills its pieces', [{ path: 'a', bytes: randomBytes(4 * 1024 * 1024 - 512 - 1024) }]],
    ['of one byte more', [{ path: 'a', bytes: randomBytes(4 * 1024 * 1024 - 512 - 1023) }]],
    ['of many files', MANY],
    ['of a file of many pieces between others', [...MANY, { path: 'g', bytes: randomBytes(3_333_333) }, ...MANY]],
  ] satisfies readonly (readonly [string, readonly BundleFile[]])[])('%s is one gzip member', async (_name, files) => {
    const packed = await pack(files);
    const tar = gunzipSync(packed);
    expect(tar.length % 512).toBe(0);
    let at = 0;
    for (const { path, bytes } of files) {
      expect(tar.toString('latin1', at, at + path.length)).toBe(path);
      expect(Buffer.compare(tar.subarray(at + 512, at + 512 + bytes.length), bytes)).toBe(0);
      at += 512 + Math.ceil(bytes.length / 512) * 512;
    }
    expect(tar.subarray(at).every((byte) => byte === 0)).toBe(true);
    expect(tar.length - at).toBe(1024);
    expect(Buffer.compare(packed, await pack(files))).toBe(0);
  });

  it('is not gone on with behind an abort, nor behind a write that fails', async () => {
    const files = Array.from({ length: 40 }, (_, index) => ({ path: `f/${index}`, bytes: randomBytes(512 * 1024) }));
    const abort = new AbortController();
    let written = 0;
    const stop = async (): Promise<void> => {
      written += 1;
      if (written === 2) abort.abort(new Error('enough'));
      await Promise.resolve();
    };
    await expect(writeArchive(files, toSink(stop), abort.signal)).rejects.toThrow('enough');
    expect(written).toBeLessThan(10);
    const fail = async (): Promise<void> => await Promise.reject(new Error('the disk is full'));
    await expect(writeArchive(files, toSink(fail), new AbortController().signal)).rejects.toThrow('the disk is full');
  });
});

async function pack(files: readonly BundleFile[]): Promise<Buffer> {
  const written: Uint8Array[] = [];
  const keep = async (bytes: Uint8Array): Promise<void> => {
    written.push(Buffer.from(bytes));
    await Promise.resolve();
  };
  await writeArchive(files, toSink(keep), new AbortController().signal);
  return Buffer.concat(written);
}

function toSink(write: (bytes: Uint8Array) => Promise<void>): Parameters<typeof writeArchive>[1] {
  const done = async (): Promise<void> => await Promise.resolve();
  return { description: 'a test', write, commit: done, abort: done };
}

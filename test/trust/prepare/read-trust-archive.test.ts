import { gzipSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import {
  MAX_ARCHIVE_BYTES,
  MAX_UNPACKED_BYTES,
  readTrustArchive,
} from '../../../lib/trust/prepare/read-trust-archive.ts';
import { MAX_DOCUMENTS } from '../../../lib/trust/prepared/prepared-trust.ts';

const file = (name: string, body: string | Uint8Array = 'a: 1\n'): TarEntry => {
  const bytes = Buffer.from(body);
  return { header: { name, size: bytes.length, type: 'file' }, body: bytes };
};
const pack = async (...entries: readonly TarEntry[]): Promise<Uint8Array> => gzipSync(await packTar(entries));

async function judge(archive: Uint8Array): Promise<string | readonly string[]> {
  try {
    return (await readTrustArchive(archive)).map(({ name }) => name);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.code;
    throw error;
  }
}

describe('archives of trust documents', () => {
  test('files at the top and in registries.d, with or without ./ in front', async () => {
    const directory: TarEntry = { header: { name: './registries.d/', size: 0, type: 'directory' } };
    const archive = await pack(
      directory,
      file('./release-verification.yaml'),
      file('./registries.d/default.yaml'),
      file('ca.pem'),
    );
    expect(await judge(archive)).toEqual(['release-verification.yaml', 'registries.d/default.yaml', 'ca.pem']);
  });

  test.each<[string, TarEntry]>([
    ['a name that escapes', file('../trust/other')],
    ['an absolute name', file('/etc/passwd')],
    ['a name that escapes from within', file('registries.d/../../x')],
    ['a hidden file', file('.hidden.yaml')],
    ['another folder', file('other/x.yaml')],
    ['a folder in registries.d', file('registries.d/a/b.yaml')],
    ['a backslash', file('a\\b.yaml')],
    ['a symbolic link', { header: { name: 'a.yaml', size: 0, type: 'symlink', linkname: '/etc/passwd' } }],
    ['a hard link', { header: { name: 'a.yaml', size: 0, type: 'link', linkname: 'b.yaml' } }],
    ['a device', { header: { name: 'a.yaml', size: 0, type: 'character-device' } }],
    ['a pipe', { header: { name: 'a.yaml', size: 0, type: 'fifo' } }],
  ])('%s is refused with everything else', async (_, entry) => {
    expect(await judge(await pack(file('good.yaml'), entry))).toBe('DocumentInvalid');
  });

  test.each<[string, () => Promise<Uint8Array>, string]>([
    ['a name twice', () => pack(file('a.yaml'), file('./a.yaml')), 'DocumentInvalid'],
    ['nothing in it', () => pack(), 'DocumentInvalid'],
    ['no gzip', async () => Buffer.from('hello'), 'DocumentInvalid'],
    ['no bytes', async () => new Uint8Array(), 'DocumentInvalid'],
    ['no tar', async () => gzipSync(Buffer.alloc(2000, 'x')), 'DocumentInvalid'],
    ['a bomb', async () => gzipSync(Buffer.alloc(MAX_UNPACKED_BYTES + 1)), 'LimitExceeded'],
    ['too many bytes', async () => new Uint8Array(MAX_ARCHIVE_BYTES + 1), 'LimitExceeded'],
    [
      'a document too many',
      () => pack(...Array.from({ length: MAX_DOCUMENTS + 1 }, (_, index) => file(`d${index}.yaml`))),
      'LimitExceeded',
    ],
  ])('%s', async (_, archive, code) => {
    expect(await judge(await archive())).toBe(code);
  });

  test('one cut short', async () => {
    const tar = await packTar([file('a.yaml', 'x'.repeat(5000))]);
    expect(await judge(gzipSync(tar.subarray(0, 1024)))).toBe('DocumentInvalid');
  });
});

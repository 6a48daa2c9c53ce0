import { gzipSync } from 'node:zlib';
import { parseImageReferences } from '../../lib/artifact/release/image/image-references.ts';
import { scanLayer } from '../../lib/artifact/release/image/scan-layer.ts';
import { unpackLayer } from '../../lib/artifact/release/image/unpack-layer.ts';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { readArchive } from '../../lib/bundle/format/archive.ts';
import { parseManifest } from '../../lib/bundle/format/manifest.ts';
import { toTarHeader } from '../../lib/bundle/format/tar-header.ts';
import { createConfigMapStore } from '../../lib/stores/config-map-store.ts';
import { bytes, casesOf, DIGEST, number, type ReaderCase } from './reader-case.ts';

const BLOCK = 512;
const pad = (text: string): string => text + '\0'.repeat((BLOCK - (text.length % BLOCK)) % BLOCK);
const END = '\0'.repeat(2 * BLOCK);

async function* inChunks(text: string, length: number): AsyncGenerator<Buffer> {
  const all = bytes(text);
  for (let at = 0; at < all.length; at += length) yield all.subarray(at, at + length);
}

async function drain(values: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of values);
}

/** A header as bundles have it, and of any other kind and name. */
function header(path: string, size: number, type = '0'): string {
  const block = toTarHeader(path, size);
  block.write(type, 156, 'latin1');
  block.fill(' ', 148, 156);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  );
  return block.toString('latin1');
}

function entry(path: string, content: string, type = '0'): string {
  return header(path, content.length, type) + pad(content);
}

/** An entry whose name stands in a pax header, as names of any length do. */
function named(name: string, type: string): string {
  const rest = ` path=${name}\n`;
  let length = rest.length + 1;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return entry('x', `${length}${rest}`, 'x') + entry('x', '', type);
}

const signature = (index: number): string => `signatures/sha256=${index.toString(16).padStart(64, '0')}/signature-1`;
const MANIFEST = entry('manifest.json', '{}');
const SYMLINK = '2';

const archive = (size: number): string =>
  MANIFEST + Array.from({ length: size / 1024 }, (_, index) => entry(signature(index), 'a')).join('') + END;

/** What comes packed, in parts, or as an archive in it. */
export const ARCHIVE_READERS: readonly ReaderCase[] = [
  ...casesOf('bundle', (text) => drain(readArchive(inChunks(text, 65_536))), {
    files: archive,
    'one file': (size) => MANIFEST + entry(signature(0), 'a'.repeat(size)) + END,
    'what follows its end': (size) => `${MANIFEST}${END}${'\0'.repeat(size)}`,
  }),
  ...casesOf('bundle in small parts', (text) => drain(readArchive(inChunks(text, 7))), { files: archive }),
  ...casesOf('manifest of a bundle', (text) => parseManifest(bytes(text)), {
    files: (size) =>
      JSON.stringify({
        schema: 1,
        createdBy: 'signet 1',
        trustRevisions: [],
        digests: [],
        contents: Array.from({ length: size / 128 }, (_, index) => ({
          path: signature(index),
          sha256: 'a'.repeat(64),
          size: 1,
        })),
      }),
    commas: (size) => `[${','.repeat(size)}]`,
  }),
  ...casesOf('layer', (text) => scanLayer(inChunks(text, 65_536)), {
    entries: (size) => Array.from({ length: size / BLOCK }, (_, index) => entry(`a/${index}`, '')).join('') + END,
    'a link and deep names': (size) =>
      named('l', SYMLINK) +
      Array.from({ length: size / 4096 }, () => named(`${'a/'.repeat(1000)}b`, '0')).join('') +
      END,
    'deep links': (size) =>
      Array.from({ length: size / 4096 }, (_, index) => named(`${index}/${'a/'.repeat(1000)}b`, SYMLINK)).join('') +
      END,
    'a name as long as the layer': (size) => named('l', SYMLINK) + named(`${'a/'.repeat(size / 2)}b`, '0') + END,
    'nothing but a name': (size) => named('a'.repeat(size), '0') + END,
    'blocks of zeros': (size) => '\0'.repeat(size),
  }),
  ...casesOf('layer in small parts', (text) => scanLayer(inChunks(text, 64)), {
    entries: (size) => Array.from({ length: size / BLOCK }, (_, index) => entry(`a/${index}`, '')).join('') + END,
  }),
  ...casesOf('gzip', (text) => drain(unpackLayer(inChunks(text, 4096), 'gzip', 2 ** 30)), {
    'empty members': (size) =>
      gzipSync('')
        .toString('latin1')
        .repeat(size / 20),
    'zeros of a thousand times its length': (size) => gzipSync(Buffer.alloc(size * 1000)).toString('latin1'),
    'bytes behind it': (size) => gzipSync('').toString('latin1') + 'a'.repeat(size),
  }),
  ...casesOf('image-references', (text) => parseImageReferences(bytes(text)), {
    components: (size) =>
      JSON.stringify({
        kind: 'ImageStream',
        apiVersion: 'image.openshift.io/v1',
        spec: {
          tags: Array.from({ length: size / 128 }, (_, index) => ({
            name: `c${index}`,
            from: { kind: 'DockerImage', name: `quay.io/a/b@${DIGEST}` },
          })),
        },
      }),
  }),
  ...casesOf('signature ConfigMaps', readConfigMap, {
    'keys of other digests': (size) => number(size, (index) => `sha256-${index.toString(16).padStart(64, '0')}\n`),
    'keys of one digest': (size) => number(size, (index) => `${DIGEST.replace(':', '-')}-${index}\n`),
  }),
];

function readConfigMap(text: string): Promise<void> {
  const binaryData = Object.fromEntries(text.split('\n').map((key) => [key, 'AAAA']));
  const store = createConfigMapStore([{ name: 'a', binaryData }]);
  return drain(store.fetchSignatures({ digest: parseDigest(DIGEST) }, new AbortController().signal));
}

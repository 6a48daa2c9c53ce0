import { describe, expect, test } from 'vitest';
import { parsePlatform } from '../../../lib/base/names/platform.ts';
import type { ManifestMediaType } from '../../../lib/registry/client/registry-answers.ts';
import { chooseImages } from '../../../lib/registry/images/choose-images.ts';
import { OCI_MANIFEST, toDigest } from '../client/registry-setup.ts';

const OCI_INDEX: ManifestMediaType = 'application/vnd.oci.image.index.v1+json';
const DOCKER_LIST: ManifestMediaType = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** Entries by name, as `name: platform`, with `+zstd` behind it; `-` is no platform. */
function toIndex(entries: readonly string[], mediaType: ManifestMediaType) {
  const manifests = entries.map((text) => {
    const [name = '', rest = ''] = text.split(': ');
    const [platform = '', zstd] = rest.split('+');
    const [os, architecture, variant] = platform.split('/');
    return {
      mediaType: OCI_MANIFEST,
      digest: toDigest(name),
      ...(platform === '-' ? {} : { platform: { os, architecture, variant } }),
      ...(zstd === undefined ? {} : { annotations: { 'io.github.containers.compression.zstd': 'true' } }),
    };
  });
  return { bytes: Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests })), mediaType };
}

/** Names with the platforms whose nodes choose them. */
function choose(entries: readonly string[], wanted: readonly string[] | undefined, mediaType = OCI_INDEX) {
  const { images } = chooseImages(toIndex(entries, mediaType), wanted?.map(parsePlatform));
  const names = new Map(entries.map((text) => text.split(': ')[0] ?? '').map((name) => [toDigest(name), name]));
  return new Map(images.map(({ digest, platforms }) => [names.get(digest), platforms]));
}

type Row = readonly [
  name: string,
  entries: readonly string[],
  wanted: readonly string[] | undefined,
  chosen: Readonly<Record<string, readonly string[]>>,
];

describe('an index', () => {
  test.each<Row>([
    [
      'every Linux platform',
      ['a: linux/amd64', 'b: linux/arm64', 'c: windows/amd64'],
      undefined,
      { a: ['linux/amd64'], b: ['linux/arm64'] },
    ],
    ['the platform that is wanted', ['a: linux/amd64', 'b: linux/arm64'], ['linux/arm64'], { b: ['linux/arm64'] }],
    ['the first of several', ['a: linux/amd64', 'b: linux/amd64'], undefined, { a: ['linux/amd64'] }],
    ['zstd before others', ['a: linux/amd64', 'b: linux/amd64+zstd'], undefined, { b: ['linux/amd64'] }],
    ['the first of two of zstd', ['a: linux/amd64+zstd', 'b: linux/amd64+zstd'], undefined, { a: ['linux/amd64'] }],
    ['a lesser variant', ['a: linux/arm/v6', 'b: linux/arm/v5'], ['linux/arm/v7'], { a: ['linux/arm/v7'] }],
    ['none where a variant is greater', ['a: linux/arm/v7', 'b: linux/arm'], ['linux/arm/v6'], { b: ['linux/arm/v6'] }],
    ['an unknown variant', ['a: linux/arm64/v9', 'b: linux/arm64'], ['linux/arm64/v9'], { a: ['linux/arm64/v9'] }],
    [
      'what nodes of both kinds choose',
      ['a: linux/arm64', 'b: linux/arm64/v8'],
      ['linux/arm64'],
      { a: ['linux/arm64'], b: ['linux/arm64'] },
    ],
    [
      'each variant that is named',
      ['a: linux/arm64', 'b: linux/arm64/v8'],
      undefined,
      { a: ['linux/arm64'], b: ['linux/arm64/v8'] },
    ],
    ['no platform, where none is named', ['a: -', 'b: -'], undefined, { a: ['linux/amd64'] }],
    ['no platform, of zstd', ['a: -', 'b: -+zstd'], undefined, { b: ['linux/amd64'] }],
    [
      'no platform, for all others',
      ['a: linux/amd64', 'b: -'],
      undefined,
      { a: ['linux/amd64'], b: ['any other platform'] },
    ],
    ['no platform, for the one that is wanted', ['a: linux/amd64', 'b: -'], ['linux/s390x'], { b: ['linux/s390x'] }],
    ['no platform, which is not wanted', ['a: linux/amd64', 'b: -'], ['linux/amd64'], { a: ['linux/amd64'] }],
    [
      'one image for several platforms',
      ['a: linux/amd64', 'a: linux/arm64', 'a: -'],
      undefined,
      { a: ['linux/amd64', 'linux/arm64'] },
    ],
  ])('%s', (_, entries, wanted, chosen) => {
    expect(choose(entries, wanted)).toEqual(new Map(Object.entries(chosen)));
  });
});

describe('a Docker list', () => {
  test.each<Row>([
    [
      'every Linux platform',
      ['a: linux/amd64', 'b: linux/arm64/v8'],
      undefined,
      { a: ['linux/amd64'], b: ['linux/arm64/v8'] },
    ],
    [
      'as a list and as an index',
      ['a: linux/amd64', 'b: linux/amd64+zstd'],
      undefined,
      { a: ['linux/amd64'], b: ['linux/amd64'] },
    ],
    [
      'no platform, for all others',
      ['a: linux/amd64', 'b: -'],
      undefined,
      { a: ['linux/amd64'], b: ['any other platform'] },
    ],
  ])('%s', (_, entries, wanted, chosen) => {
    expect(choose(entries, wanted, DOCKER_LIST)).toEqual(new Map(Object.entries(chosen)));
  });
});

describe('what has no image', () => {
  test.each<[name: string, entries: readonly string[], wanted: readonly string[] | undefined, message: string]>([
    ['of Linux', ['a: windows/amd64'], undefined, 'it names no image for linux'],
    ['at all', [], undefined, 'it names no image for linux'],
    [
      'that is wanted',
      ['a: linux/amd64'],
      ['linux/s390x', 'linux/arm64'],
      'it names no image for linux/s390x, linux/arm64',
    ],
    ['with a platform that there is', ['a: unknown/unknown'], undefined, 'it names no image for linux'],
  ])('%s', (_, entries, wanted, message) => {
    expect(() => choose(entries, wanted)).toThrow(message);
  });
});

import { gunzipSync, gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { afterAll, describe, expect, test } from 'vitest';
import { inspectRelease } from '../../../lib/artifact/release/inspect-release.ts';
import { openLocalRelease } from '../../../lib/artifact/release/open-local-release.ts';
import { openDirectoryImage, openLayoutImage } from '../../../lib/registry/images/open-local-image.ts';
import { OCI_INDEX, OCI_MANIFEST, toDigest } from '../../registry/client/registry-setup.ts';
import {
  BASE_LAYER,
  type BuiltImage,
  buildImage,
  buildList,
  createLayouts,
  file,
  type LayerSetup,
  metadataOf,
  OTHER,
  other,
  PINNED,
  RELEASE,
  referencesOf,
  releaseLayer,
} from './release-setup.ts';

const layouts = createLayouts();
const { signal } = new AbortController();
afterAll(() => layouts.remove());

const REFERENCES = `${RELEASE}/image-references`;
const SECOND = referencesOf({ cli: OTHER });

async function inspect(
  images: readonly BuiltImage[],
  options: Partial<Parameters<typeof inspectRelease>[1]> = {},
  falsified?: ReadonlyMap<string, Buffer>,
) {
  const directory = await layouts.write(images, falsified);
  return await inspectRelease(openLocalRelease(await openLayoutImage(directory, undefined)), { signal, ...options });
}

const inspectLayers = async (...layers: readonly LayerSetup[]) => await inspect([await buildImage({ layers })]);

describe('a release image', () => {
  test.each([
    { name: 'of gzip layers', packing: 'gzip' },
    { name: 'of zstd layers', packing: 'zstd' },
    { name: 'of layers that are not packed', packing: 'none' },
  ] as const)('$name lists its components', async ({ packing }) => {
    const image = await buildImage({ layers: [BASE_LAYER, { ...releaseLayer(), packing }] });
    expect(await inspect([image])).toMatchObject({
      outcome: 'accepted',
      digest: toDigest(image.manifest),
      faults: [],
      images: [
        {
          digest: toDigest(image.manifest),
          platform: { architecture: 'amd64', os: 'linux' },
          version: '4.21.0',
          components: [
            { name: 'cli', pullspec: PINNED, digest: `sha256:${'a'.repeat(64)}` },
            { name: 'etcd', pullspec: OTHER, digest: `sha256:${'b'.repeat(64)}` },
          ],
          faults: [],
        },
      ],
    });
  });

  test('in a directory, its list too', async () => {
    const image = await buildImage({ layers: [releaseLayer()] });
    const directory = await layouts.writeDirectory([buildList([image]), image]);
    const source = openLocalRelease(await openDirectoryImage(directory));
    const { outcome, images } = await inspectRelease(source, { signal });
    expect([outcome, images.map(({ digest }) => digest)]).toEqual(['accepted', [toDigest(image.manifest)]]);
  });

  test('with names as tar writes them, in two gzip members', async () => {
    const entries = [file('./release-manifests/image-references', SECOND), file('/release-manifests/x', 'x')];
    const mangle = (packed: Buffer): Buffer => {
      const tar = gunzipSync(packed);
      return Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]);
    };
    expect(await inspectLayers({ entries, mangle })).toMatchObject({
      outcome: 'accepted',
      images: [{ version: '4.21.0', components: [{ pullspec: OTHER }] }],
    });
  });

  test('with 1,000 components, behind a small file', async () => {
    const tags = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`c${index}`, PINNED]));
    const { outcome, images } = await inspectLayers(releaseLayer(referencesOf(tags)));
    expect([outcome, images[0]?.components.length]).toEqual(['accepted', 1000]);
  });

  test('does not read what lies below the layer that has both files', async () => {
    const image = await buildImage({ layers: [BASE_LAYER, releaseLayer()] });
    const [, base] = image.blobs;
    const falsified = new Map([[toDigest(base ?? ''), Buffer.from('not a layer')]]);
    expect(await inspect([image], {}, falsified)).toMatchObject({ outcome: 'accepted' });
  });
});

/** A fault of the only image, its components where there are any, and the outcome. */
interface LayerRow {
  readonly name: string;
  readonly expected: string;
  readonly layers: readonly LayerSetup[];
}

const top = (...entries: NonNullable<LayerSetup['entries']>): LayerSetup => ({ entries });
const good = releaseLayer();
const tail = (bytes: Buffer) => (packed: Buffer) => Buffer.concat([packed, bytes]);

describe('what layers do to the files', () => {
  const rows: readonly LayerRow[] = [
    { name: 'a later layer replaces it', expected: OTHER, layers: [good, top(file(REFERENCES, SECOND))] },
    {
      name: 'a later layer deletes it',
      expected: 'FileMissing',
      layers: [good, top(file(`${RELEASE}/.wh.image-references`, ''))],
    },
    {
      name: 'a later layer deletes the folder',
      expected: 'FileMissing',
      layers: [good, top(file(`.wh.${RELEASE}`, ''))],
    },
    {
      name: 'a later layer empties the folder',
      expected: 'FileMissing',
      layers: [good, top(file(`${RELEASE}/.wh..wh..opq`, ''))],
    },
    { name: 'a later layer empties the root', expected: 'FileMissing', layers: [good, top(file('.wh..wh..opq', ''))] },
    {
      name: 'deleted and written in one layer, whiteout first',
      expected: OTHER,
      layers: [good, top(file(`${RELEASE}/.wh.image-references`, ''), file(REFERENCES, SECOND))],
    },
    {
      name: 'deleted and written in one layer, whiteout last',
      expected: OTHER,
      layers: [good, top(file(REFERENCES, SECOND), file(`${RELEASE}/.wh..wh..opq`, ''))],
    },
    {
      name: 'deleted, then written again',
      expected: OTHER,
      layers: [good, top(file(`${RELEASE}/.wh.image-references`, '')), top(file(REFERENCES, SECOND))],
    },
    {
      name: 'another name is deleted',
      expected: PINNED,
      layers: [
        good,
        top(file(`${RELEASE}/.wh.image-reference`, ''), file('x/.wh.image-references', ''), file('x/.wh..wh..opq', '')),
      ],
    },
    {
      name: 'metadata in a layer below',
      expected: OTHER,
      layers: [top(file(`${RELEASE}/release-metadata`, metadataOf('1.2.3'))), top(file(REFERENCES, SECOND))],
    },
    {
      name: 'twice in one layer',
      expected: 'FileRefused',
      layers: [top(file(REFERENCES, SECOND), file(REFERENCES, SECOND))],
    },
    {
      name: 'twice in one layer, spelled otherwise',
      expected: 'FileRefused',
      layers: [top(file(REFERENCES, SECOND), file(`./${RELEASE}//./image-references`, SECOND))],
    },
    { name: 'a symbolic link', expected: 'FileRefused', layers: [top(other(REFERENCES, 'symlink', '../etc/passwd'))] },
    { name: 'a hard link', expected: 'FileRefused', layers: [top(file('x', SECOND), other(REFERENCES, 'link', 'x'))] },
    { name: 'a directory', expected: 'FileRefused', layers: [top(other(`${REFERENCES}/`, 'directory'))] },
    { name: 'a FIFO', expected: 'FileRefused', layers: [top(other(REFERENCES, 'fifo'))] },
    { name: 'a file below its name', expected: 'FileRefused', layers: [top(file(`${REFERENCES}/x`, SECOND))] },
    { name: 'the folder is a link', expected: 'FileRefused', layers: [good, top(other(RELEASE, 'symlink', 'x'))] },
    { name: 'the folder is a file', expected: 'FileRefused', layers: [good, top(file(RELEASE, 'x'))] },
    {
      name: 'written through a link',
      expected: 'LayerInvalid',
      layers: [top(file(REFERENCES, SECOND), other('x', 'symlink', RELEASE), file('x/image-references', '{}'))],
    },
    { name: 'a path that escapes', expected: 'LayerInvalid', layers: [top(file(`../${REFERENCES}`, SECOND))] },
    {
      name: 'a path that escapes and comes back',
      expected: 'LayerInvalid',
      layers: [top(file(`x/../${REFERENCES}`, SECOND))],
    },
    {
      name: 'a file with holes',
      expected: 'FileRefused',
      layers: [
        top({
          ...file(REFERENCES, SECOND),
          header: { ...file(REFERENCES, SECOND).header, pax: { 'GNU.sparse.major': '1' } },
        }),
      ],
    },
    { name: 'no release image', expected: 'FileMissing', layers: [BASE_LAYER] },
    { name: 'no layers', expected: 'FileMissing', layers: [] },
    {
      name: 'a file beside the folder',
      expected: 'FileMissing',
      layers: [top(file('image-references', SECOND), file(`x/${REFERENCES}`, SECOND))],
    },
    {
      name: 'truncated gzip',
      expected: 'LayerInvalid',
      layers: [{ ...good, mangle: (packed) => packed.subarray(0, -6) }],
    },
    { name: 'gzip of nothing', expected: 'LayerInvalid', layers: [{ ...good, mangle: () => Buffer.alloc(0) }] },
    {
      name: 'garbage behind the gzip',
      expected: 'LayerInvalid',
      layers: [{ ...good, mangle: tail(Buffer.from('garbage')) }],
    },
    { name: 'zeros behind the gzip', expected: 'LayerInvalid', layers: [{ ...good, mangle: tail(Buffer.alloc(512)) }] },
    {
      name: 'garbage behind the zstd',
      expected: 'LayerInvalid',
      layers: [{ ...good, packing: 'zstd', mangle: tail(Buffer.from('garbage')) }],
    },
    {
      name: 'a broken zstd',
      expected: 'LayerInvalid',
      layers: [{ ...good, packing: 'zstd', mangle: (packed) => packed.fill(0x55, 20, 40) }],
    },
    {
      name: 'a checksum of gzip that does not hold',
      expected: 'LayerInvalid',
      layers: [{ ...good, mangle: (packed) => packed.fill(0, packed.length - 8, packed.length - 4) }],
    },
    {
      name: 'packed otherwise than it says',
      expected: 'LayerInvalid',
      layers: [{ ...good, packing: 'none', mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' }],
    },
    {
      name: 'a layer that lies elsewhere',
      expected: 'ImageUnsupported',
      layers: [{ ...good, mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }],
    },
    {
      name: 'an encrypted layer',
      expected: 'ImageUnsupported',
      layers: [{ ...good, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' }],
    },
    { name: 'no tar archive', expected: 'LayerInvalid', layers: [{ tar: Buffer.alloc(2048, 'x') }] },
    { name: 'a tar archive without an end', expected: 'LayerInvalid', layers: [{ tar: Buffer.alloc(0) }] },
    { name: 'another diff ID', expected: 'ContentMismatch', layers: [{ ...good, diffId: `sha256:${'0'.repeat(64)}` }] },
    { name: 'another size', expected: 'ContentMismatch', layers: [{ ...good, size: 1 }] },
    { name: 'a size beyond the limit', expected: 'LimitExceeded', layers: [{ ...good, size: 600 * 1024 * 1024 }] },
  ];
  test.each(rows)('$name: $expected', async ({ expected, layers }) => {
    const { outcome, images } = await inspectLayers(...layers);
    const [image] = images;
    const isCode = !expected.includes('/');
    expect(
      [
        ...(image?.faults ?? []).map(({ code }) => code),
        ...(image?.components ?? []).map(({ pullspec }) => pullspec),
      ][0],
    ).toBe(expected);
    expect(outcome).toBe(isCode ? 'rejected' : 'accepted');
    if (isCode) expect(image?.components).toEqual([]);
  });

  test('a tar archive with something behind its end: LayerInvalid', async () => {
    const tar = Buffer.concat([await packTar(good.entries ?? []), Buffer.alloc(512), Buffer.from('garbage')]);
    const { images } = await inspectLayers({ tar });
    expect(images[0]?.faults[0]?.code).toBe('LayerInvalid');
  });
});

describe('limits', () => {
  const bomb: LayerSetup = { entries: [file('zeros', Buffer.alloc(4 * 1024 * 1024)), ...(good.entries ?? [])] };
  const rows = [
    { name: 'a bomb', expected: 'LimitExceeded', layers: [bomb], budget: { packed: 1e6, unpacked: 4 * 1024 * 1024 } },
    { name: 'the same within the limit', expected: undefined, layers: [bomb], budget: { packed: 1e6, unpacked: 5e6 } },
    {
      name: 'two layers that are too much together',
      expected: 'LimitExceeded',
      layers: [good, bomb, { entries: [file('y', Buffer.alloc(1e6))] }],
      budget: { packed: 1e6, unpacked: 5e6 },
    },
    {
      name: 'packed layers that are too much together',
      expected: 'LimitExceeded',
      layers: [good, { ...BASE_LAYER, packing: 'none' as const }],
      budget: { packed: 2000, unpacked: 5e6 },
    },
  ];
  test.each(rows)('$name: $expected', async ({ expected, layers, budget }) => {
    const { images } = await inspect([await buildImage({ layers })], { budget });
    expect(images[0]?.faults[0]?.code).toBe(expected);
  });

  test('a huge file of references: LimitExceeded', async () => {
    const { images } = await inspectLayers(releaseLayer(`"${' '.repeat(4 * 1024 * 1024)}"`));
    expect(images[0]?.faults[0]?.code).toBe('LimitExceeded');
  });

  test('too many components: LimitExceeded', async () => {
    const tags = Object.fromEntries(Array.from({ length: 4097 }, (_, index) => [`c${index}`, PINNED]));
    const { images } = await inspectLayers(releaseLayer(referencesOf(tags)));
    expect(images[0]?.faults[0]?.code).toBe('LimitExceeded');
  });

  test('too many layers: LimitExceeded', async () => {
    const descriptor = { mediaType: 'x', digest: toDigest('x'), size: 1 };
    const image = await buildImage({ layers: [], manifest: { layers: Array.from({ length: 257 }, () => descriptor) } });
    expect((await inspect([image])).images[0]?.faults[0]?.code).toBe('LimitExceeded');
  });

  test('a configuration that is too long: LimitExceeded', async () => {
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: toDigest('x'), size: 5e6 };
    const image = await buildImage({ layers: [], manifest: { config } });
    expect((await inspect([image])).images[0]?.faults[0]?.code).toBe('LimitExceeded');
  });
});

describe('bytes that are not those of a digest', () => {
  const mismatch = async (pick: (image: BuiltImage) => Buffer | undefined, replace: (bytes: Buffer) => Buffer) => {
    const image = await buildImage({ layers: [releaseLayer()] });
    const bytes = pick(image) ?? Buffer.alloc(0);
    const { outcome, faults, images } = await inspect([image], {}, new Map([[toDigest(bytes), replace(bytes)]]));
    expect(images.flatMap(({ components }) => components)).toEqual([]);
    return [outcome, ...faults, ...images.flatMap((one) => one.faults)].map((one) =>
      typeof one === 'string' ? one : one.code,
    );
  };
  const flip = (bytes: Buffer): Buffer =>
    Buffer.from(bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte)));
  test.each([
    { name: 'a layer with a bit flipped', expected: 'ContentMismatch', index: 1, replace: flip },
    {
      name: 'a layer cut short',
      expected: 'ContentMismatch',
      index: 1,
      replace: (bytes: Buffer) => bytes.subarray(0, -9),
    },
    { name: 'a layer with more behind it', expected: 'ContentMismatch', index: 1, replace: tail(Buffer.alloc(9)) },
    { name: 'a configuration of another digest', expected: 'ContentMismatch', index: 0, replace: flip },
  ])('$name: $expected', async ({ expected, index, replace }) => {
    expect(await mismatch((image) => image.blobs[index], replace)).toEqual(['rejected', expected]);
  });

  test('a manifest of another digest: ContentMismatch', async () => {
    expect(await mismatch(({ manifest }) => manifest, flip)).toEqual(['rejected', 'ContentMismatch']);
  });
});

describe('what the image says', () => {
  const MANIFEST_ROWS = [
    { name: 'schema version 1', expected: 'ImageUnsupported', manifest: { schemaVersion: 1 } },
    {
      name: 'an artifact',
      expected: 'ImageUnsupported',
      manifest: { config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: toDigest('{}'), size: 2 } },
    },
    { name: 'layers that are no list', expected: 'ImageUnsupported', manifest: { layers: {} } },
    {
      name: 'a layer without digest',
      expected: 'ImageUnsupported',
      manifest: { layers: [{ mediaType: 'x', size: 1 }] },
    },
    {
      name: 'a digest that climbs',
      expected: 'ImageUnsupported',
      manifest: { layers: [{ mediaType: 'x', size: 1, digest: 'sha256:../../etc/passwd' }] },
    },
    { name: 'layers in another case too', expected: 'ImageUnsupported', manifest: { Layers: [] } },
    {
      name: 'a digest in another case too',
      expected: 'ImageUnsupported',
      manifest: { layers: [{ mediaType: 'x', size: 1, digest: toDigest('x'), Digest: toDigest('y') }] },
    },
    {
      name: 'a size below nothing',
      expected: 'ImageUnsupported',
      manifest: { layers: [{ mediaType: 'x', size: -1, digest: toDigest('x') }] },
    },
  ];
  test.each(MANIFEST_ROWS)('a manifest with $name: $expected', async ({ expected, manifest }) => {
    const { outcome, faults, images } = await inspect([await buildImage({ layers: [good], manifest })]);
    expect([outcome, ...[...faults, ...images.flatMap((one) => one.faults)].map(({ code }) => code)]).toEqual([
      'rejected',
      expected,
    ]);
  });

  const CONFIG_ROWS = [
    { name: 'too few diff IDs', expected: 'ImageUnsupported', config: { rootfs: { type: 'layers', diff_ids: [] } } },
    {
      name: 'diff IDs that are no digests',
      expected: 'ImageUnsupported',
      config: { rootfs: { type: 'layers', diff_ids: ['x'] } },
    },
    { name: 'another rootfs', expected: 'ImageUnsupported', config: { rootfs: { type: 'x', diff_ids: [] } } },
    { name: 'no platform', expected: 'ImageUnsupported', config: { os: '' } },
    { name: 'another rootfs in another case', expected: 'ImageUnsupported', config: { RootFS: {} } },
  ];
  test.each(CONFIG_ROWS)('a configuration with $name: $expected', async ({ expected, config }) => {
    const { images } = await inspect([await buildImage({ layers: [good], config })]);
    expect(images[0]?.faults.map(({ code }) => code)).toEqual([expected]);
  });

  const tag = (from: unknown, name: unknown = 'cli') => referencesOf({}, { spec: { tags: [{ name, from }] } });
  const REFERENCE_ROWS = [
    { name: 'no JSON', expected: 'ReferencesInvalid', references: '{' },
    {
      name: 'a member twice',
      expected: 'ReferencesInvalid',
      references: SECOND.replace('{"kind"', '{"spec":{},"kind"'),
    },
    {
      name: 'a tag’s image twice',
      expected: 'ReferencesInvalid',
      references: SECOND.replace('"from":{', '"from":{"name":"x",'),
    },
    { name: 'a byte order mark', expected: 'ReferencesInvalid', references: `\uFEFF${SECOND}` },
    { name: 'a list', expected: 'ReferencesInvalid', references: '[]' },
    {
      name: 'another kind',
      expected: 'ReferencesInvalid',
      references: SECOND.replace('ImageStream', 'ImageStreamTag'),
    },
    {
      name: 'another API',
      expected: 'ReferencesInvalid',
      references: SECOND.replace('image.openshift.io', 'example.com'),
    },
    ...['Kind', 'Spec', 'METADATA'].map((member) => ({
      name: `${member}, which oc reads`,
      expected: 'ReferencesInvalid',
      references: referencesOf({ cli: PINNED }, { [member]: {} }),
    })),
    {
      name: 'tags in another case',
      expected: 'ReferencesInvalid',
      references: SECOND.replace('"tags":', '"Tags":[],"tags":'),
    },
    {
      name: 'an image in another case',
      expected: 'ReferencesInvalid',
      references: SECOND.replace('"from":', '"From":{"kind":"DockerImage","name":"quay.io/a/b"},"from":'),
    },
    {
      name: 'its name in another case',
      expected: 'ReferencesInvalid',
      references: SECOND.replace('"name":"quay', '"NAME":"quay.io/a/b","name":"quay'),
    },
    { name: 'no component', expected: 'ReferencesInvalid', references: referencesOf({}) },
    {
      name: 'a component twice',
      expected: 'ReferencesInvalid',
      references: referencesOf(
        {},
        { spec: { tags: [1, 2].map(() => ({ name: 'cli', from: { kind: 'DockerImage', name: PINNED } })) } },
      ),
    },
    {
      name: 'a component without name',
      expected: 'ReferencesInvalid',
      references: tag({ kind: 'DockerImage', name: PINNED }, 7),
    },
    { name: 'a component without image', expected: 'ReferencesInvalid', references: tag(undefined) },
    {
      name: 'an image that is no text',
      expected: 'ReferencesInvalid',
      references: tag({ kind: 'DockerImage', name: 7 }),
    },
    {
      name: 'an image of 2,000 characters',
      expected: 'ReferencesInvalid',
      references: tag({ kind: 'DockerImage', name: 'x'.repeat(2000) }),
    },
  ];
  test.each(REFERENCE_ROWS)('references with $name: $expected', async ({ expected, references }) => {
    const { outcome, images } = await inspectLayers(releaseLayer(references));
    expect([outcome, images[0]?.faults.map(({ code }) => code)]).toEqual(['rejected', [expected]]);
  });

  const COMPONENT_ROWS = [
    { name: 'a digest', expected: 'accepted', from: PINNED },
    { name: 'a SHA-512', expected: 'accepted', from: `quay.io/x/y@${toDigest('x', 'sha512')}` },
    { name: 'a tag beside a digest', expected: 'accepted', from: PINNED.replace('@', ':v1@') },
    { name: 'a tag', expected: 'rejected', from: 'quay.io/x/y:v1' },
    { name: 'a name alone', expected: 'rejected', from: 'quay.io/x/y' },
    { name: 'an MD5', expected: 'rejected', from: 'quay.io/x/y@md5:d41d8cd98f00b204e9800998ecf8427e' },
    { name: 'a digest in upper case', expected: 'rejected', from: PINNED.replace(/a{64}/, 'A'.repeat(64)) },
    { name: 'a digest alone', expected: 'rejected', from: `sha256:${'a'.repeat(64)}` },
    { name: 'nothing', expected: 'rejected', from: '' },
  ];
  test.each(COMPONENT_ROWS)('a component by $name: $expected', async ({ expected, from }) => {
    const { outcome, images } = await inspectLayers(releaseLayer(referencesOf({ cli: PINNED, odd: from })));
    const [component, odd] = images[0]?.components ?? [];
    expect([outcome, component?.fault, odd?.digest === undefined]).toEqual([
      expected,
      undefined,
      expected === 'rejected',
    ]);
    expect(odd?.fault === undefined).toBe(expected === 'accepted');
  });

  test('a component that is no image of a registry: rejected', async () => {
    const { outcome, images } = await inspectLayers(releaseLayer(tag({ kind: 'ImageStreamTag', name: PINNED })));
    expect([outcome, images[0]?.components[0]?.digest]).toEqual(['rejected', undefined]);
  });

  test('metadata without a version: ReferencesInvalid', async () => {
    const { images } = await inspectLayers(
      top(file(REFERENCES, SECOND), file(`${RELEASE}/release-metadata`, '{"kind":"x"}')),
    );
    expect(images[0]?.faults.map(({ code }) => code)).toEqual(['ReferencesInvalid']);
  });
});

describe('a list', () => {
  const build = async () => {
    const amd64 = await buildImage({ layers: [releaseLayer()] });
    const arm64 = await buildImage({ layers: [releaseLayer()], architecture: 'arm64' });
    const attestation = await buildImage({ layers: [], architecture: 'unknown' });
    const list = buildList([amd64, { ...arm64, architecture: 'arm64' }, { ...attestation, architecture: 'unknown' }]);
    return { amd64, arm64, all: [list, amd64, arm64, attestation], list };
  };

  test('every image of a platform is read', async () => {
    const { amd64, arm64, all, list } = await build();
    expect(await inspect(all)).toMatchObject({
      outcome: 'accepted',
      digest: toDigest(list.manifest),
      images: [
        { digest: toDigest(amd64.manifest) },
        { digest: toDigest(arm64.manifest), platform: { architecture: 'arm64' } },
      ],
    });
  });

  test.each(['arm64', 'aarch64'])('--arch %s reads that one alone', async (architecture) => {
    const { arm64, all } = await build();
    const { images } = await inspect(all, { architecture });
    expect(images.map(({ digest }) => digest)).toEqual([toDigest(arm64.manifest)]);
  });

  test('an architecture that is not there is a wrong call, for an image too', async () => {
    const { amd64, all } = await build();
    await expect(inspect(all, { architecture: 's390x' })).rejects.toMatchObject({ code: 'ArgumentInvalid' });
    await expect(inspect([amd64], { architecture: 's390x' })).rejects.toMatchObject({ code: 'ArgumentInvalid' });
  });

  test('one bad image rejects the whole, and the others are shown', async () => {
    const { amd64 } = await build();
    const bad = await buildImage({ layers: [BASE_LAYER], architecture: 'arm64' });
    const { outcome, images } = await inspect([buildList([amd64, { ...bad, architecture: 'arm64' }]), amd64, bad]);
    expect([outcome, ...images.map(({ faults }) => faults[0]?.code)]).toEqual(['rejected', undefined, 'FileMissing']);
  });

  const manifestOf = (mediaType: string) => [{ mediaType, digest: toDigest('x'), size: 1 }];
  test.each([
    { name: 'a list, perhaps itself', expected: 'ImageUnsupported', manifests: manifestOf(OCI_INDEX) },
    {
      name: 'a schema 1 manifest',
      expected: 'ImageUnsupported',
      manifests: manifestOf('application/vnd.docker.distribution.manifest.v1+prettyjws'),
    },
    { name: 'nothing', expected: 'ImageUnsupported', manifests: [] },
    {
      name: 'more images than are read',
      expected: 'LimitExceeded',
      manifests: Array.from({ length: 17 }, (_, index) => ({
        mediaType: OCI_MANIFEST,
        digest: toDigest(`${index}`),
        size: 1,
      })),
    },
  ])('that names $name: $expected', async ({ expected, manifests }) => {
    const { outcome, faults, images } = await inspect([buildList([], { manifests })]);
    expect([outcome, faults.map(({ code }) => code), images]).toEqual(['rejected', [expected], []]);
  });

  test('that names itself, as no digest allows: ContentMismatch', async () => {
    const list = buildList([], { manifests: [{ mediaType: OCI_MANIFEST, digest: toDigest('x'), size: 1 }] });
    const { images } = await inspect(
      [list, { manifest: Buffer.from('x'), mediaType: '', blobs: [] }],
      {},
      new Map([[toDigest('x'), list.manifest]]),
    );
    expect(images[0]?.faults[0]?.code).toBe('ContentMismatch');
  });
});

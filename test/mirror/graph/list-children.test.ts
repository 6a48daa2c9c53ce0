import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { listReleases } from '../../../lib/mirror/graph/list-releases.ts';
import { createRegistryChildren, readChildren } from '../../../lib/mirror/graph/read-children.ts';
import type { ManifestMediaType } from '../../../lib/registry/client/registry-answers.ts';
import { listChildren, listImages } from '../../../lib/registry/images/list-children.ts';
import { MAX_INDEX_ENTRIES } from '../../../lib/registry/images/read-index.ts';
import { builtInProfile } from '../../../lib/trust/prepared/profiles.ts';
import { createSetup, toDigest } from '../../registry/client/registry-setup.ts';
import { digestOf, failureOf, node, parseSample } from './sample-graphs.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const IMAGE = 'application/vnd.docker.distribution.manifest.v2+json';

function child(architecture: string, more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    mediaType: IMAGE,
    size: 1,
    digest: digestOf(architecture),
    platform: { architecture, os: 'linux' },
    ...more,
  };
}

function toList(manifests: unknown, mediaType: ManifestMediaType = LIST): Buffer {
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
}

describe('what a list names', () => {
  test.each([INDEX, LIST] as const)('%s: each digest once, with its platform', (mediaType) => {
    const bytes = toList(
      [child('amd64'), child('arm64'), child('amd64'), child('x', { platform: undefined })],
      mediaType,
    );
    expect(listChildren({ bytes, mediaType })).toEqual([
      { digest: digestOf('amd64'), mediaType: IMAGE, platform: { architecture: 'amd64', os: 'linux' } },
      { digest: digestOf('arm64'), mediaType: IMAGE, platform: { architecture: 'arm64', os: 'linux' } },
      { digest: digestOf('x'), mediaType: IMAGE, platform: undefined },
    ]);
  });

  test('an image has no children', () => {
    expect(listChildren({ bytes: Buffer.from('{"config":{},"layers":[]}'), mediaType: IMAGE })).toEqual([]);
  });

  test.each([
    ['no JSON', Buffer.from('{'), 'BodyInvalid'],
    ['an array', Buffer.from('[]'), 'BodyInvalid'],
    ['no manifests', Buffer.from('{}'), 'BodyInvalid'],
    ['manifests by name', toList({}), 'BodyInvalid'],
    ['a child that is a digest', toList([digestOf('a')]), 'BodyInvalid'],
    ['a child without a digest', toList([child('a', { digest: undefined })]), 'BodyInvalid'],
    ['a child with half a digest', toList([child('a', { digest: 'sha256:00' })]), 'BodyInvalid'],
    ['a child without a media type', toList([child('a', { mediaType: 7 })]), 'BodyInvalid'],
    ['a platform that is a text', toList([child('a', { platform: 'linux/amd64' })]), 'BodyInvalid'],
    ['a platform without a system', toList([child('a', { platform: { architecture: 'a' } })]), 'BodyInvalid'],
    [
      'an endless architecture',
      toList([child('a', { platform: { architecture: 'a'.repeat(300), os: 'b' } })]),
      'BodyInvalid',
    ],
    ['a member twice', Buffer.from('{"manifests":[],"manifests":[]}'), 'BodyInvalid'],
    ['`Manifests` beside `manifests`', Buffer.from('{"manifests":[],"Manifests":[]}'), 'BodyInvalid'],
    ['`Digest` beside `digest`', toList([child('a', { Digest: digestOf('b') })]), 'BodyInvalid'],
    ['`Platform` beside `platform`', toList([child('a', { PLATFORM: null })]), 'BodyInvalid'],
    [
      'another spelling of the architecture',
      toList([child('a', { platform: { architecture: 'unknown', Architecture: 'a', os: 'linux' } })]),
      'BodyInvalid',
    ],
    ['too many', toList(Array.from({ length: MAX_INDEX_ENTRIES + 1 }, () => child('a'))), 'LimitExceeded'],
  ])('%s is refused', async (_, bytes, code) => {
    expect((await failureOf(() => listChildren({ bytes, mediaType: LIST }))).code).toBe(`StoreError ${code}`);
  });
});

describe('the images of a list', () => {
  const nowhere = { architecture: 'unknown', os: 'unknown' };
  const artefact = 'application/vnd.example+json';
  test.each<[string, readonly unknown[], readonly string[], readonly string[]]>([
    [
      'of all platforms',
      [child('amd64'), child('x', { platform: { architecture: 'x', os: 'windows' } })],
      ['amd64', 'x'],
      [],
    ],
    ['without a platform', [child('x', { platform: undefined })], ['x'], []],
    ['an attestation', [child('amd64'), child('x', { platform: nowhere })], ['amd64'], ['x']],
    ['an artefact', [child('amd64'), child('x', { platform: undefined, artifactType: artefact })], ['amd64'], ['x']],
    ['for a platform and called an artefact', [child('amd64', { artifactType: artefact })], ['amd64'], []],
    ['named as an attestation first', [child('amd64', { platform: nowhere }), child('amd64')], ['amd64'], []],
  ])('%s', (_, manifests, images, others) => {
    const listed = listImages({ bytes: toList(manifests), mediaType: LIST });
    expect(listed?.images.map(({ digest }) => digest)).toEqual(images.map(digestOf));
    expect(listed?.others.map(({ digest }) => digest)).toEqual(others.map(digestOf));
  });

  test('an image is no list', () => {
    expect(listImages({ bytes: Buffer.from('{"config":{},"layers":[]}'), mediaType: IMAGE })).toBeUndefined();
  });

  test.each<[string, readonly unknown[], string]>([
    ['a list', [child('amd64'), child('x', { mediaType: INDEX })], 'lists in lists are refused'],
    [
      'a list that is called an attestation',
      [child('amd64'), child('x', { mediaType: LIST, platform: nowhere })],
      'lists in lists',
    ],
    ['something else for a platform', [child('amd64', { mediaType: artefact })], `which is ${artefact} and no image`],
    ['attestations alone', [child('x', { platform: nowhere })], 'names no image'],
    ['nothing', [], 'names no image'],
  ])('one that names %s is refused', (_, manifests, message) => {
    expect(() => listImages({ bytes: toList(manifests), mediaType: LIST })).toThrow(message);
  });
});

describe('children of releases', () => {
  const policy = builtInProfile('okd') ?? { canonicalRepositories: [], graphAliases: {} };
  const OPTIONS = { concurrency: 2, signal: new AbortController().signal };

  test('are read from the registry, for lists alone; a list that cannot be read is told', async () => {
    const setup = createSetup();
    try {
      const list = toList([child('amd64'), child('arm64')]);
      const server = await setup.serve((request, response) => {
        const isKnown = request.url?.endsWith(toDigest(list)) === true;
        response.writeHead(isKnown ? 200 : 404, { 'content-type': LIST }).end(isKnown ? list : '');
      });
      const repository = `${server.host}/okd/scos-release`;
      const own = { canonicalRepositories: [parseRepository(repository)], graphAliases: {} };
      const { releases } = listReleases(
        [
          parseSample([node('4.19.0', repository, toDigest(list)), node('4.19.1', repository)], 'multi'),
          parseSample([node('4.19.0', repository, digestOf('single'))], 'amd64'),
        ],
        own,
      );
      const registry = setup.connect({ allowed: [server.host], plain: [server.host] });
      const reader = createRegistryChildren(async () => registry);
      const { children, failures } = await readChildren(releases, { reader, ...OPTIONS });
      expect([...children].map(([digest, some]) => [digest, some.map((one) => one.digest)])).toEqual([
        [toDigest(list), [digestOf('amd64'), digestOf('arm64')]],
      ]);
      expect(failures.map(({ release, error }) => [release.versions, error.code])).toEqual([[['4.19.1'], 'NotFound']]);
      expect(server.requests.map(({ path }) => path)).not.toContain(
        `/v2/okd/scos-release/manifests/${digestOf('single')}`,
      );
    } finally {
      await setup.close();
    }
  });

  test('are asked of each repository that the graphs name, until one knows', async () => {
    const digest = digestOf('list');
    const [canonical = ''] = policy.canonicalRepositories;
    const [alias = ''] = Object.keys(policy.graphAliases);
    const graph = parseSample([node('4.19.0', canonical, digest), node('4.19.1', alias, digest)], 'multi');
    const asked: string[] = [];
    const reader = createRegistryChildren(async (repository) => {
      asked.push(repository);
      if (repository === canonical) throw new StoreError('NotAllowed', 'not among the registries');
      return { readManifest: async () => ({ bytes: toList([child('amd64')]), mediaType: LIST, digest }) };
    });
    const { children, failures } = await readChildren(listReleases([graph], policy).releases, { reader, ...OPTIONS });
    expect([asked, [...children.keys()], failures]).toEqual([[canonical, alias], [digest], []]);
  });

  test('nobody is asked where no graph names a list', async () => {
    const reader = createRegistryChildren(() => {
      throw new Error('asked');
    });
    const { releases } = listReleases([parseSample([node('4.19.0', 'quay.io/okd/scos-release')], 'amd64')], policy);
    expect(await readChildren(releases, { reader, ...OPTIONS })).toEqual({ children: new Map(), failures: [] });
  });
});

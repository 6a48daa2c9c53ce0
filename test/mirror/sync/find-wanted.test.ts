import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { ChildrenReader } from '../../../lib/mirror/graph/read-children.ts';
import { findWanted, type WantedRequest } from '../../../lib/mirror/sync/find-wanted.ts';
import { readKnownChildren } from '../../../lib/mirror/sync/remembered-object.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import {
  ARCHITECTURE,
  digestOf,
  MANIFEST_REF,
  node,
  OCP,
  OKD_CI,
  parseSample,
  withMetadata,
} from '../graph/sample-graphs.ts';

const ALIAS = 'quay.io/openshift/alias';
const POLICY = {
  canonicalRepositories: [parseRepository(OCP)],
  graphAliases: { [ALIAS]: parseRepository(OCP) },
};
const multi = (version: string, repository = OCP): ReturnType<typeof node> =>
  withMetadata(node(version, repository), { [ARCHITECTURE]: 'multi' });

/** Knows the children of these lists, and notes who was asked for. */
function createReader(
  lists: Readonly<Record<string, readonly Digest[]>>,
): ChildrenReader & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async readChildren(repository, digest) {
      asked.push(`${repository}@${digest}`);
      const children = lists[digest];
      if (children === undefined) throw new StoreError('Unavailable', `${repository}: HTTP status 503`);
      return children.map((child) => ({ digest: child, mediaType: 'any', platform: undefined }));
    },
  };
}

const NOBODY: ChildrenReader = { readChildren: () => Promise.reject(new Error('asked')) };

function find(nodes: readonly unknown[], change: Partial<WantedRequest> = {}): ReturnType<typeof findWanted> {
  return findWanted({
    graphs: [parseSample(nodes)],
    policy: POLICY,
    digests: [],
    objects: createMemoryObjectStore(),
    reader: NOBODY,
    signal: new AbortController().signal,
    ...change,
  });
}

describe('what is in the way of what is remembered', () => {
  const LIST = digestOf('4.16.0');
  const CHILD = digestOf('child');

  test.each([
    ['cannot be read', 'readObject'],
    ['cannot be replaced', 'replaceObject'],
  ] as const)('%s: lists are read all the same, and it is reported', async (_, operation) => {
    const refused = () => Promise.reject(new StoreError('KeyRefused', 'graph/children.json is a folder'));
    const objects = { ...createMemoryObjectStore(), [operation]: refused };
    const { digests, unreadable } = await find([multi('4.16.0')], {
      objects,
      reader: createReader({ [LIST]: [CHILD] }),
    });
    expect(digests).toEqual([LIST, CHILD]);
    expect(unreadable.map(({ code }) => code)).toEqual(['KeyRefused']);
  });

  test('a store that is out of reach ends it', async () => {
    const away = () => Promise.reject(new StoreError('ConnectionFailed', 'nobody answers'));
    const objects = { ...createMemoryObjectStore(), readObject: away };
    await expect(find([multi('4.16.0')], { objects })).rejects.toThrow('nobody answers');
  });
});

describe('what a mirror should hold', () => {
  test('is each release once, what the metadata names beside it, and what was asked for', async () => {
    const nodes = [
      node('4.16.0'),
      withMetadata(node('4.16.1'), { [MANIFEST_REF]: digestOf('beside') }),
      node('4.16.2', ALIAS),
      node('4.17.0', OCP, digestOf('4.16.0')),
    ];
    const { digests, releases, outside, childless } = await find(nodes, {
      digests: [digestOf('asked for'), digestOf('4.16.1')],
    });
    expect(digests).toEqual([
      digestOf('4.16.0'),
      digestOf('4.16.1'),
      digestOf('beside'),
      digestOf('4.16.2'),
      digestOf('asked for'),
    ]);
    expect([releases.length, outside, childless]).toEqual([3, [], []]);
  });

  test('is nothing outside the canonical repository and its aliases, which is named', async () => {
    const { digests, outside } = await find([node('4.16.0', OKD_CI), node('4.16.1', `${OCP}-dev`), node('4.16.2')]);
    expect(digests).toEqual([digestOf('4.16.2')]);
    expect(outside.map(({ repository }) => repository)).toEqual([OKD_CI, `${OCP}-dev`]);
  });

  test('no object is read, and no registry asked, when no release is a list', async () => {
    const objects = createMemoryObjectStore();
    await find([node('4.16.0')], { objects });
    expect(objects.reads).toEqual([]);
  });

  test('of no graph is what was asked for', async () => {
    expect((await find([], { digests: [digestOf('one')] })).digests).toEqual([digestOf('one')]);
  });
});

describe('the children of lists', () => {
  const [first, second] = [digestOf('4.16.0'), digestOf('4.16.1')];

  test('are asked for once, and never again', async () => {
    const objects = createMemoryObjectStore();
    const reader = createReader({ [first]: [digestOf('amd64'), digestOf('arm64')], [second]: [] });
    const nodes = [multi('4.16.0'), multi('4.16.1'), node('4.16.2')];
    const expected = [first, second, digestOf('4.16.2'), digestOf('amd64'), digestOf('arm64')];
    expect((await find(nodes, { objects, reader })).digests).toEqual(expected);
    expect(reader.asked.toSorted()).toEqual([`${OCP}@${first}`, `${OCP}@${second}`].toSorted());
    for (const other of [NOBODY, undefined]) {
      expect((await find(nodes, { objects, reader: other })).digests).toEqual(expected);
    }
  });

  test('are asked for of what is new alone', async () => {
    const objects = createMemoryObjectStore();
    await find([multi('4.16.0')], { objects, reader: createReader({ [first]: [digestOf('amd64')] }) });
    const reader = createReader({ [second]: [digestOf('s390x')] });
    const { digests } = await find([multi('4.16.0'), multi('4.16.1')], { objects, reader });
    expect(digests).toEqual([first, second, digestOf('amd64'), digestOf('s390x')]);
    expect(reader.asked).toEqual([`${OCP}@${second}`]);
  });

  test('that cannot be had leave the list, name it, and are asked for again', async () => {
    const objects = createMemoryObjectStore();
    const reader = createReader({ [first]: [digestOf('amd64')] });
    for (const asked of [1, 2]) {
      const { digests, childless } = await find([multi('4.16.0'), multi('4.16.1')], { objects, reader });
      expect(digests).toEqual([first, second, digestOf('amd64')]);
      expect(childless).toMatchObject([{ release: { digest: second }, error: { code: 'Unavailable' } }]);
      expect(reader.asked.filter((one) => one.endsWith(second))).toHaveLength(asked);
    }
    expect(await readKnownChildren(objects)).toEqual(new Map([[first, [digestOf('amd64')]]]));
  });

  test('are not asked for without a reader', async () => {
    const { digests, childless } = await find([multi('4.16.0')], { reader: undefined });
    expect([digests, childless]).toEqual([[first], []]);
  });

  test('of a list outside the canonical repository are not asked for', async () => {
    expect((await find([multi('4.16.0', OKD_CI)])).digests).toEqual([]);
  });

  test('are learned by an object store that is there', async () => {
    const objects = createMemoryObjectStore([], { failure: new StoreError('ConnectionFailed', 'no bucket') });
    await expect(find([multi('4.16.0')], { objects })).rejects.toMatchObject({ code: 'ConnectionFailed' });
  });
});

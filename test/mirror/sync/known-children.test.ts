import { describe, expect, test } from 'vitest';
import { CHILDREN_KEY, readKnownChildren, rememberChildren } from '../../../lib/mirror/sync/remembered-object.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { digestOf } from '../graph/sample-graphs.ts';

const [LIST, OTHER] = [digestOf('list'), digestOf('other list')];
const CHILDREN = [digestOf('amd64'), digestOf('arm64')];
const noWrites = (objects: ObjectStore): ObjectStore => ({
  ...objects,
  replaceObject: () => Promise.reject(new Error('written')),
});

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  return await act().then(
    () => 'none',
    (error: unknown) => (error instanceof Error && 'code' in error ? `${error.name} ${String(error.code)}` : 'another'),
  );
}

describe('what is known of lists', () => {
  test('is nothing at first', async () => {
    expect(await readKnownChildren(createMemoryObjectStore())).toEqual(new Map());
  });

  test('is read back as it was learned, an empty list too', async () => {
    const objects = createMemoryObjectStore();
    const learned = new Map([
      [LIST, CHILDREN],
      [OTHER, []],
    ]);
    await rememberChildren(objects, learned);
    expect(await readKnownChildren(objects)).toEqual(learned);
  });

  test('is the same bytes in whatever order it was learned', async () => {
    const [one, other] = [createMemoryObjectStore(), createMemoryObjectStore()];
    for (const list of [LIST, OTHER]) await rememberChildren(one, new Map([[list, CHILDREN]]));
    for (const list of [OTHER, LIST]) await rememberChildren(other, new Map([[list, CHILDREN]]));
    const [first, second] = await Promise.all([one, other].map((store) => store.readObject(CHILDREN_KEY, 10_000)));
    expect(first).toEqual(second);
    expect(Buffer.from(first?.bytes ?? []).toString()).toMatch(/^\{"schema":1,"children":\{"sha256:.*\}\}\n$/);
  });

  test('is not written again when others have learned it already', async () => {
    const objects = createMemoryObjectStore();
    const learned = new Map([[LIST, CHILDREN]]);
    await rememberChildren(objects, learned);
    expect(await codeOf(() => rememberChildren(noWrites(objects), learned))).toBe('none');
  });

  test('keeps what others learn at the same time', async () => {
    const objects = createMemoryObjectStore();
    const lists = Array.from({ length: 6 }, (_, index) => digestOf(`list ${index}`));
    await Promise.all(lists.map((list) => rememberChildren(objects, new Map([[list, CHILDREN]]))));
    expect(new Set((await readKnownChildren(objects)).keys())).toEqual(new Set(lists));
  });

  test('is given up when it keeps changing', async () => {
    const objects: ObjectStore = { ...createMemoryObjectStore(), replaceObject: async () => false };
    expect(await codeOf(() => rememberChildren(objects, new Map([[LIST, CHILDREN]])))).toBe(
      'StoreError ConditionFailed',
    );
  });

  test('is not more than can be read again: what is beyond it is asked about each time', async () => {
    const children = Array.from({ length: 256 }, () => LIST);
    const learned = new Map(Array.from({ length: 1000 }, (_, index) => [digestOf(`${index}`), children]));
    const objects = createMemoryObjectStore();
    await rememberChildren(noWrites(objects), learned);
    expect((await readKnownChildren(objects)).size).toBe(0);
  });
});

describe('what is no memory of lists', () => {
  test.each([
    ['not JSON', 'null and void'],
    ['another shape', '{"schema":1}'],
    ['more than there is', '{"schema":1,"children":{},"more":1}'],
    ['a child that is no digest', `{"schema":1,"children":{"${LIST}":["sha256:12"]}}`],
    ['a list that is no digest', '{"schema":1,"children":{"latest":[]}}'],
    ['an array', '{"schema":1,"children":[]}'],
    ['a name that objects have', `{"schema":1,"children":{"${LIST}":[],"constructor":[]}}`],
    ['a name that changes objects', `{"schema":1,"children":{"${LIST}":[],"__proto__":[]}}`],
    ['one list twice', `{"schema":1,"children":{"${LIST}":[],"${LIST}":[]}}`],
  ])('is as good as forgotten, and replaced: %s', async (_, text) => {
    const objects = createMemoryObjectStore([[CHILDREN_KEY, Buffer.from(text)]]);
    expect((await readKnownChildren(objects)).size).toBe(0);
    await rememberChildren(objects, new Map([[OTHER, CHILDREN]]));
    expect([...(await readKnownChildren(objects)).keys()]).toEqual([OTHER]);
  });

  test('by a newer version is refused, and left as it is', async () => {
    const objects = createMemoryObjectStore([[CHILDREN_KEY, Buffer.from('{"schema":2,"children":{}}')]]);
    const code = 'ConfigurationError SchemaUnsupported';
    expect(await codeOf(() => readKnownChildren(objects))).toBe(code);
    expect(await codeOf(() => rememberChildren(noWrites(objects), new Map([[OTHER, CHILDREN]])))).toBe(code);
  });
});

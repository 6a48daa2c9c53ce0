import * as v from 'valibot';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import {
  type ConfigMapsRequest,
  parseConfigMapCursor,
} from '../../../../lib/bundle/service/config-maps/parse-config-maps-request.ts';
import { MAX_PAGE_BYTES, readConfigMaps } from '../../../../lib/bundle/service/config-maps/read-config-maps.ts';
import type { HeldSignatures } from '../../../../lib/cluster/render/read-signed-releases.ts';
import type { ObjectStore } from '../../../../lib/platform/objects/port/object-store.ts';
import { createMemoryObjectStore } from '../../../support/memory-object-store.ts';
import { type BundleSigner, digestOf, keyOf, makeBundleSigner, NOW, SIGNAL } from '../../bundle-setup.ts';

const ConfigMap = v.object({ metadata: v.object({ name: v.string() }), binaryData: v.record(v.string(), v.string()) });
const List = v.object({ kind: v.literal('List'), items: v.array(ConfigMap) });
const ALL: ConfigMapsRequest = { profile: undefined, digests: undefined, minors: undefined, after: undefined };

let signer: BundleSigner;
let objects: ObjectStore;
let held: HeldSignatures;
beforeAll(async () => {
  signer = await makeBundleSigner();
  const mirror = ['4.9.1', '4.16.1', '4.16.2', '4.17.1'].map((version): [string, Buffer] => {
    const digest = digestOf(version);
    return [keyOf(digest), signer.sign(digest, version)];
  });
  objects = createMemoryObjectStore([...mirror, [keyOf(digestOf('broken')), Buffer.from('no signature')]]);
  held = { objects, trust: signer.profile.trust, now: NOW, signal: SIGNAL };
});

const namesOf = (text: string): readonly string[] =>
  v.parse(List, JSON.parse(text)).items.map(({ metadata }) => metadata.name.replace('signet-release-signatures-', ''));

describe('what is answered', () => {
  test('is what verifies, by minor version, as a List or as documents', async () => {
    const json = await readConfigMaps(ALL, 'json', held);
    expect(namesOf(json.text)).toEqual(['4-9-1', '4-16-1', '4-17-1']);
    expect(json.next).toBeUndefined();
    expect(json.read.leftOut).toHaveLength(1);
    const yaml = await readConfigMaps(ALL, 'yaml', held);
    const documents = parseAllDocuments(yaml.text).map((document) => v.parse(ConfigMap, document.toJS()));
    expect(documents).toEqual(v.parse(List, JSON.parse(json.text)).items);
  });

  test.each<[name: string, change: Partial<ConfigMapsRequest>, expected: readonly string[]]>([
    ['a minor version', { minors: ['4.16'] }, ['4-16-1']],
    ['a minor version that is not there', { minors: ['4.1'] }, []],
    ['a digest', { digests: [digestOf('4.9.1')] }, ['4-9-1']],
    ['a digest that is not there', { digests: [digestOf('other')] }, []],
    ['a digest that does not verify', { digests: [digestOf('broken')] }, []],
    ['a digest of another minor version', { digests: [digestOf('4.9.1')], minors: ['4.16'] }, []],
    ['after the first', { after: parseConfigMapCursor('signet-release-signatures-4-9-1') }, ['4-16-1', '4-17-1']],
    ['after one that is gone', { after: parseConfigMapCursor('signet-release-signatures-4-16-9') }, ['4-17-1']],
    ['after all', { after: parseConfigMapCursor('signet-release-signatures-unversioned-1') }, []],
  ])('%s', async (_, change, expected) => {
    const { text } = await readConfigMaps({ ...ALL, ...change }, 'json', held);
    expect(namesOf(text)).toEqual(expected);
  });

  test('nothing at all is a List without items in YAML too', async () => {
    const { text } = await readConfigMaps({ ...ALL, minors: ['1.1'] }, 'yaml', held);
    expect(parse(text)).toEqual({ apiVersion: 'v1', kind: 'List', items: [] });
  });
});

describe('pages', () => {
  async function readPages(format: 'json' | 'yaml', maxBytes: number): Promise<readonly string[]> {
    const pages: string[] = [];
    for (let after: ConfigMapsRequest['after']; ;) {
      const { text, next } = await readConfigMaps({ ...ALL, after }, format, held, maxBytes);
      pages.push(text);
      if (next === undefined) return pages;
      after = parseConfigMapCursor(next);
    }
  }

  test.each(['json', 'yaml'] as const)('hold what one page would, in %s, and keep the limit', async (format) => {
    const [whole = ''] = await readPages(format, MAX_PAGE_BYTES);
    const parts = await readPages(format, Buffer.byteLength(whole) - 1);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(Buffer.byteLength(part)).toBeLessThan(Buffer.byteLength(whole));
    if (format === 'json') expect(parts.flatMap(namesOf)).toEqual(namesOf(whole));
    else expect(parts.join('---\n')).toBe(whole);
    // One at a time, where not even one fits.
    expect(await readPages(format, 1)).toHaveLength(3);
  });

  test('of a large mirror keep the limit, and hold each ConfigMap once', async () => {
    const versions = Array.from({ length: 90 }, (_, index) => `4.${20 + index}.0`);
    const mirror = versions.flatMap((version) =>
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((index): [string, Buffer] => {
        const digest = digestOf(version);
        return [keyOf(digest, index), signer.sign(digest, version)];
      }),
    );
    const large = { ...held, objects: createMemoryObjectStore(mirror) };
    const limit = 256 * 1024;
    const names: string[] = [];
    let after: ConfigMapsRequest['after'];
    for (;;) {
      const page = await readConfigMaps({ ...ALL, after }, 'json', large, limit);
      expect(Buffer.byteLength(page.text)).toBeLessThanOrEqual(limit);
      names.push(...namesOf(page.text));
      if (page.next === undefined) break;
      after = parseConfigMapCursor(page.next);
    }
    expect(names).toEqual(versions.map((version) => `${version.replace('.0', '').replace('.', '-')}-1`));
  });

  test('pass through Lambda, which has 6 MB for an answer, as JSON within JSON', () => {
    // The most that escaping can add: each member of a ConfigMap has four quotes, a line feed and its digest.
    const member = `        "sha256-${'a'.repeat(64)}-1": "${'A'.repeat(900)}",\n`;
    const page = member.repeat(MAX_PAGE_BYTES / member.length);
    expect(Buffer.byteLength(JSON.stringify({ body: page }))).toBeLessThan(6 * 1024 * 1024);
  });

  test('a digest that is added between two pages takes none away from who reads on', async () => {
    const more = createMemoryObjectStore();
    for await (const { key } of objects.listObjects('signatures/')) {
      await more.createObject(key, (await objects.readObject(key, 65_536))?.bytes ?? Buffer.alloc(0));
    }
    const first = await readConfigMaps(ALL, 'json', { ...held, objects: more }, 1);
    const added = digestOf('4.16.7');
    await more.createObject(keyOf(added), signer.sign(added, '4.16.7'));
    const seen = [...v.parse(List, JSON.parse(first.text)).items];
    for (let next = first.next; next !== undefined;) {
      const request = { ...ALL, after: parseConfigMapCursor(next) };
      const page = await readConfigMaps(request, 'json', { ...held, objects: more }, 1);
      seen.push(...v.parse(List, JSON.parse(page.text)).items);
      next = page.next;
    }
    const keys = seen.flatMap(({ binaryData }) => Object.keys(binaryData));
    for (const version of ['4.9.1', '4.16.1', '4.16.2', '4.16.7', '4.17.1']) {
      expect(keys).toContain(`${digestOf(version).replace(':', '-')}-1`);
    }
  });
});

describe('what is not answered', () => {
  test('a mirror that takes too long is out of reach', async () => {
    const signal = AbortSignal.timeout(1);
    const slow: ObjectStore = {
      ...objects,
      listObjects: async function* (...args) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        yield* objects.listObjects(...args);
      },
    };
    await expect(readConfigMaps(ALL, 'json', { ...held, objects: slow, signal })).rejects.toMatchObject({
      name: 'StoreError',
      code: 'TimedOut',
    });
  });

  test('a profile that verifies nothing', async () => {
    const trust = { ...signer.profile.trust, keyrings: [] };
    await expect(readConfigMaps(ALL, 'json', { ...held, trust })).rejects.toMatchObject({ code: 'TrustUnusable' });
  });

  test('trust that is stale', async () => {
    const now = new Date(NOW.getTime() + 25 * 60 * 60 * 1000);
    await expect(readConfigMaps(ALL, 'json', { ...held, now })).rejects.toMatchObject({ name: 'StoreError' });
  });
});

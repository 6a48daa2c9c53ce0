import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { Release } from '../../../lib/mirror/graph/list-releases.ts';
import {
  MAX_CATALOG_RELEASES,
  readCatalog,
  rememberCatalog,
  toCatalog,
} from '../../../lib/mirror/sync/release-catalog.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';

const now = new Date('2026-11-30T12:00:00.000Z');
const repository = parseRepository('quay.io/openshift-release-dev/ocp-release');

function release(name: string, versions: readonly string[], architectures: readonly string[] = []): Release {
  const facts = { repositories: [repository], canonicalRepository: repository, channels: [], alsoNamed: [] };
  return { digest: parseDigest(`sha256:${name.repeat(64)}`), versions, architectures, ...facts };
}

const of = (releases: readonly Release[], failedGraphs = 0, at = now) => toCatalog({ releases, failedGraphs, now: at });

describe('the releases of update graphs', () => {
  test.each<[name: string, versions: readonly string[]]>([
    ['by number', ['4.16.10', '4.16.9', '4.9.50']],
    ['a candidate after its release, the later one first', ['4.16.0', '4.16.0-rc.10', '4.16.0-rc.9', '4.16.0-ec.1']],
    ['what is no version, too', ['x', '4.16.1', '0.0.1']],
  ])('are newest first: %s', (_, versions) => {
    const shuffled = versions.map((version, index) => release(String(index), [version])).toReversed();
    expect(of(shuffled).releases.map((entry) => entry.versions[0])).toEqual(versions);
  });

  test('are cut where there are more than are kept, the oldest first', () => {
    const repeated = Array.from({ length: MAX_CATALOG_RELEASES + 1 }, (_, index) => release('a', [`4.${index}.0`]));
    const { releases } = of(repeated);
    expect([releases.length, releases.at(-1)?.versions[0]]).toEqual([MAX_CATALOG_RELEASES, '4.1.0']);
  });

  test('have their newest version first, and equal ones are ordered by digest', () => {
    const { releases } = of([release('b', ['4.15.1', '4.16.0']), release('a', ['4.16.0'], ['s390x', 'arm64'])]);
    expect(releases.map(({ digest, versions, architectures }) => [digest[7], versions, architectures])).toEqual([
      ['a', ['4.16.0'], ['arm64', 's390x']],
      ['b', ['4.16.0', '4.15.1'], []],
    ]);
  });

  test('are remembered by profile, and an older plan replaces no newer one', async () => {
    const objects = createMemoryObjectStore();
    await rememberCatalog(objects, 'ocp', of([release('a', ['4.16.0'])]));
    await rememberCatalog(objects, 'ocp', of([], 0, new Date('2026-11-29T00:00:00Z')));
    expect([(await readCatalog(objects, 'ocp'))?.releases.length, await readCatalog(objects, 'okd')]).toEqual([
      1,
      undefined,
    ]);
  });

  test('stay while a graph fails, and go once all were read', async () => {
    const objects = createMemoryObjectStore();
    const versions = async () => (await readCatalog(objects, 'ocp'))?.releases.map((entry) => entry.versions[0]);
    await rememberCatalog(objects, 'ocp', of([release('a', ['4.16.0']), release('b', ['4.17.0'])]));
    await rememberCatalog(objects, 'ocp', of([release('c', ['4.18.0']), release('a', ['4.16.0'])], 1));
    expect(await versions()).toEqual(['4.18.0', '4.17.0', '4.16.0']);
    await rememberCatalog(objects, 'ocp', of([release('c', ['4.18.0'])]));
    expect(await versions()).toEqual(['4.18.0']);
  });
});

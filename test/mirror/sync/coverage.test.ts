import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { Release } from '../../../lib/mirror/graph/list-releases.ts';
import { readCoverage, rememberCoverage, toCoverage } from '../../../lib/mirror/sync/coverage.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';

const now = new Date('2026-11-30T12:00:00.000Z');
const digestOf = (name: string) => parseDigest(`sha256:${name.repeat(64)}`);

function release(name: string, versions: readonly string[], architectures: readonly string[]): Release {
  const repository = parseRepository('quay.io/openshift-release-dev/ocp-release');
  const facts = { repositories: [repository], canonicalRepository: repository, channels: [], alsoNamed: [] };
  return { digest: digestOf(name), versions, architectures, ...facts };
}

const found = (releases: readonly Release[], due = '', absent = '') =>
  toCoverage({
    releases,
    due: Array.from(due, digestOf),
    absent: new Set(Array.from(absent, digestOf)),
    failedGraphs: 0,
    now,
  }).minors.map((one) => `${one.minor} ${one.architecture} ${one.held}/${one.wanted} ${one.absent}`);

describe('the coverage of a mirror', () => {
  test.each<[name: string, rows: readonly string[], expected: readonly string[]]>([
    ['nothing', [], []],
    ['what is held', found([release('a', ['4.16.1'], ['x86_64'])]), ['4.16 x86_64 1/1 0']],
    ['what is due', found([release('a', ['4.16.1'], ['x86_64'])], 'a'), ['4.16 x86_64 0/1 0']],
    ['what is signed nowhere', found([release('a', ['4.16.1'], ['x86_64'])], '', 'a'), ['4.16 x86_64 0/1 1']],
    [
      'minor versions by number, newest first',
      found([release('a', ['4.9.1'], ['multi']), release('b', ['4.16.1'], ['multi']), release('c', ['x'], ['multi'])]),
      ['4.16 multi 1/1 0', '4.9 multi 1/1 0', 'other multi 1/1 0'],
    ],
    [
      'architectures apart',
      found(
        [release('a', ['4.16.1'], ['x86_64']), release('b', ['4.16.1'], ['aarch64']), release('c', ['4.16.2'], [])],
        'b',
      ),
      ['4.16 aarch64 0/1 0', '4.16 unknown 1/1 0', '4.16 x86_64 1/1 0'],
    ],
    [
      'a digest of two versions once for each minor',
      found([release('a', ['4.16.1', '4.16.2', '4.17.0'], ['x'])]),
      ['4.17 x 1/1 0', '4.16 x 1/1 0'],
    ],
    [
      'names that are no version',
      found([release('a', ['4', '4.x', '__proto__', '99999.1.1'], ['x'])]),
      ['other x 1/1 0'],
    ],
  ])('of %s', (_, rows, expected) => {
    expect(rows).toEqual(expected);
  });

  test('is remembered by profile, and an older plan replaces no newer one', async () => {
    const objects = createMemoryObjectStore();
    const coverage = toCoverage({ releases: [], due: [], absent: new Set(), failedGraphs: 1, now });
    await rememberCoverage(objects, 'ocp', coverage);
    await rememberCoverage(objects, 'ocp', { ...coverage, plannedAt: '2026-11-29T12:00:00.000Z', failedGraphs: 9 });
    expect([await readCoverage(objects, 'ocp'), await readCoverage(objects, 'okd')]).toEqual([coverage, undefined]);
  });

  test('that somebody else put there counts for none', async () => {
    const objects = createMemoryObjectStore();
    await objects.createObject('graph/coverage/ocp.json', Buffer.from('{"schema":1,"minors":"<script>"}'));
    expect(await readCoverage(objects, 'ocp')).toBeUndefined();
  });
});

import { expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { Readiness, ReleaseStanding } from '../../../lib/mirror/check/report-transition.ts';
import { keepTransition, readTransition, toTransitionSummary } from '../../../lib/mirror/sync/transition-summary.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';

const now = new Date('2026-11-30T12:00:00.000Z');
const evidence = { state: 'valid', reasons: [], attempts: [] } as const;

function standing(versions: readonly string[], readiness: Readiness): ReleaseStanding {
  const digest = parseDigest(`sha256:${'a'.repeat(64)}`);
  const repository = parseRepository('quay.io/openshift-release-dev/ocp-release');
  return { digest, repository, versions, readiness, openpgp: evidence, sigstore: evidence };
}

test('a transition report is counted by minor version, newest first, and kept for the overview', async () => {
  const counts = { both: 2, 'openpgp only': 1, 'sigstore only': 0, neither: 1, unknown: 0, unasked: 0 };
  const releases = [
    standing(['4.9.1'], 'neither'),
    standing(['4.16.1', '4.16.2'], 'both'),
    standing(['4.16.3'], 'openpgp only'),
    standing([], 'both'),
  ];
  const summary = toTransitionSummary({ outcome: 'not ready', counts, releases, warnings: [] }, now);
  expect(summary.minors.map((one) => [one.minor, one.both, one['openpgp only'], one.neither])).toEqual([
    ['4.16', 1, 1, 0],
    ['4.9', 0, 0, 1],
    ['other', 1, 0, 0],
  ]);
  const objects = createMemoryObjectStore();
  await keepTransition(objects, 'ocp', summary);
  await keepTransition(objects, 'ocp', { ...summary, reportedAt: '2026-11-01T00:00:00.000Z', minors: [] });
  expect(await readTransition(objects, 'ocp')).toEqual(summary);
});

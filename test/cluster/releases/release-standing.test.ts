import { expect, test } from 'vitest';
import { readStanding } from '../../../lib/cluster/releases/release-standing.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { toRecordId } from '../../../lib/verdict/records/verdict-record.ts';
import { toAsked, toRecord, writeRecord } from '../../../lib/verdict/records/write-record.ts';
import { DIGEST } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { decideBy, IMAGE, policyOf, readPolicyTrust, sigstore } from '../../verdict/decide/policy-setup.ts';

const trust = await readPolicyTrust({ policy: policyOf([sigstore]) });
const open = toRecord(
  toAsked('api', IMAGE),
  await decideBy(trust, { lookaside: createMemoryLookaside({}, { failing: [IMAGE] }) }),
);
const accepted: Partial<Verdict> = {
  outcome: 'accepted',
  reasons: [],
  policies: (open.verdict.policies ?? []).map((policy) => ({
    ...policy,
    outcome: 'accepted',
    requirements: policy.requirements.map((one) => ({ ...one, outcome: 'accepted', reasons: [] })),
  })),
};

test.each<[name: string, verdict: Partial<Verdict>, state: string]>([
  ['the release', accepted, 'verified'],
  ['platforms of it that the caller chose', { ...accepted, platforms: ['linux/s390x'] }, 'unknown'],
  ['it as a component', { ...accepted, judgedAs: 'component', canonicalPullspec: undefined }, 'unknown'],
  ['its digest in another repository', { ...accepted, canonicalPullspec: undefined }, 'unknown'],
])('Sigstore by a decision about %s', async (_, change, state) => {
  const verdict = { ...open.verdict, ...change };
  const record = { ...open, verdict, id: toRecordId(open.asked, verdict) };
  const objects = createMemoryObjectStore();
  await writeRecord(objects, record, () => Promise.resolve(undefined));
  const places = { objects, trust, now: new Date(verdict.decidedAt), signal: new AbortController().signal };
  const { standing } = await readStanding(places, DIGEST, 5);
  expect(standing.sigstore.state).toBe(state);
});

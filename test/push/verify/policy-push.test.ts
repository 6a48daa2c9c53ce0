import { expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { toMirrorBody } from '../../../lib/mirror/sync/mirror-message.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { type PushDependencies, verifyPushed } from '../../../lib/push/verify/verify-pushed.ts';
import { openMirror } from '../../../lib/stores/open/open-stores.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../../lib/trust/source/trust-source.ts';
import { recheckRecord } from '../../../lib/verdict/records/recheck-record.ts';
import { DIGEST, NAME, NOW } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { untouchedStore } from '../../support/untouched-store.ts';
import {
  bySecond,
  bySigner,
  documentsOf,
  IMAGE,
  imageManifests,
  policyOf,
  reject,
  second,
  signer,
} from '../../verdict/decide/policy-setup.ts';
import { pushOf, readRecords, setUpPushes } from './push-setup.ts';

const MAPPED = { source: 'distribution', registry: 'registry.example.com', repository: 'mirror/app', mirrorOf: NAME };
const push = {
  ...pushOf({ registry: MAPPED.registry, repository: MAPPED.repository, digest: DIGEST }),
  profile: 'acme',
  mirrorOf: parseRepository(NAME),
};

async function setUp(policy: object, lookaside: SignatureStore, objects: ObjectStore = createMemoryObjectStore()) {
  const documents = documentsOf({ policy, spec: { pushSources: [MAPPED] } });
  const trust = await prepareTrust('acme', documents);
  await publishTrust(objects, trust, documents);
  const pushes = setUpPushes({ objects, signatures: new Map(), now: NOW });
  const dependencies: PushDependencies = {
    ...pushes.dependencies,
    trust: createTrustSource(objects, ['acme'], () => NOW),
    mirror: openMirror(objects),
    upstream: {
      open: () => ({ release: untouchedStore, lookaside, manifests: imageManifests }),
      close: () => undefined,
    },
  };
  return { objects, trust, dependencies, bus: pushes.bus, mirrorQueue: pushes.mirrorQueue };
}

const two = policyOf([bySigner, bySecond]);

test.each<[string, object, SignatureStore, string, string, readonly string[]]>([
  [
    'signed',
    two,
    createMemoryLookaside({ [IMAGE]: [signer.sign(), second.sign()] }),
    'decided',
    'accepted',
    ['accepted', 'accepted'],
  ],
  [
    'signed for one requirement of two',
    two,
    createMemoryLookaside({ [IMAGE]: [second.sign()] }),
    'decided',
    'rejected',
    ['rejected', 'accepted'],
  ],
  [
    'a lookaside that fails',
    two,
    createMemoryLookaside({}, { failing: [IMAGE] }),
    'open',
    'indeterminate',
    ['indeterminate', 'indeterminate'],
  ],
  ['rejected whatever it is', policyOf([reject]), untouchedStore, 'decided', 'rejected', ['rejected']],
])('a push of an image, %s: each requirement has its own result, in the record too', async (...row) => {
  const [, policy, lookaside, kind, outcome, requirements] = row;
  const { objects, trust, dependencies, bus, mirrorQueue } = await setUp(policy, lookaside);
  const result = await verifyPushed(push, dependencies, false, AbortSignal.timeout(60_000));
  expect(result).toMatchObject({ kind, verdict: { outcome, digest: DIGEST, canonicalPullspec: IMAGE } });
  const [record] = await readRecords(objects);
  expect(record?.verdict.policies?.[0]?.requirements.map((one) => one.outcome)).toEqual(requirements);
  if (record !== undefined) expect(await recheckRecord(record, trust)).toMatchObject({ outcome: 'confirmed' });
  expect(bus.events).toHaveLength(kind === 'decided' ? 1 : 0);
  // A signature that holds is worth keeping, also where another requirement is not met.
  const isMirrored = requirements.includes('accepted');
  expect(mirrorQueue.sent).toEqual(isMirrored ? [toMirrorBody('acme', DIGEST, parseRepository(NAME))] : []);
});

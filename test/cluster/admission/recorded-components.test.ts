import { describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { parseRecord } from '../../../lib/verdict/records/parse-record.ts';
import { recheckRecord } from '../../../lib/verdict/records/recheck-record.ts';
import { toRecordId, type VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { NOW } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { untouchedStore } from '../../support/untouched-store.ts';
import {
  anything,
  bySigner,
  documentsOf,
  IMAGE,
  imageManifests,
  OTHER_NAME,
  policyOf,
  reject,
  second,
  signer,
} from '../../verdict/decide/policy-setup.ts';
import { GOOD, setUpAdmission, toReview, toUpdate } from './admission-setup.ts';

const BY_TAG = IMAGE.replace(/@.*/, ':latest');
const covered = { policy: policyOf([bySigner]) };
const uncovered = { policy: policyOf([anything]) };
const signed = createMemoryLookaside({ [IMAGE]: [signer.sign()] });
const DAY_MS = 24 * 60 * 60 * 1000;

interface Asking {
  readonly image?: string;
  readonly parts?: Parameters<typeof documentsOf>[0];
  readonly lookaside?: SignatureStore;
  readonly change?: Partial<PreparedTrust>;
  readonly objects?: ObjectStore;
  readonly refreshedAt?: Date;
}

/** A cluster by one profile, whose reviews are answered one after the other. */
async function setUp({ parts = covered, lookaside = signed, change, objects, refreshedAt = NOW }: Asking) {
  const trust = { ...(await prepareTrust('acme', documentsOf(parts))), ...change };
  const upstream = { release: untouchedStore, lookaside, manifests: imageManifests };
  const dependencies = {
    trust: { profiles: ['acme'], read: async () => toReadyTrust(trust, refreshedAt) },
    mirror: { release: untouchedStore, lookaside: createMemoryLookaside({}) },
    upstream: { open: () => upstream, close: () => undefined },
  };
  const kept = objects ?? createMemoryObjectStore();
  const { review } = setUpAdmission({ dependencies, objects: kept, now: () => NOW });
  return { review, objects: kept, trust };
}

function toMachineConfig(image: string, dryRun = false): object {
  return toReview('machineconfigs', { operation: 'CREATE', object: { spec: { osImageURL: image } }, dryRun });
}

/** The answer, and the record that the audit log of the cluster names. */
async function ask(asking: Asking) {
  const { review, objects, trust } = await setUp(asking);
  const { allowed, status, warnings, auditAnnotations } = await review({
    resource: 'machineconfigs',
    body: toMachineConfig(asking.image ?? IMAGE),
  });
  const id = auditAnnotations?.record ?? '';
  const stored = await objects.readObject(`records/by-id/${id}.json`, 1e6);
  const record = stored === undefined ? undefined : parseRecord(id, stored.bytes);
  return { allowed, code: status?.code, warnings, record, trust, objects };
}

const rows: readonly (readonly [name: string, asking: Asking, outcome: Verdict['outcome'], allowed: boolean])[] = [
  ['that its policy accepts', {}, 'accepted', true],
  ['that another key signed', { lookaside: createMemoryLookaside({ [IMAGE]: [second.sign()] }) }, 'rejected', false],
  ['that nobody signed', { lookaside: createMemoryLookaside({}) }, 'rejected', false],
  ['that its policy rejects', { parts: { policy: policyOf([reject]) } }, 'rejected', false],
  ['whose store fails', { lookaside: createMemoryLookaside({}, { failing: [IMAGE] }) }, 'indeterminate', false],
  ['by tag', { image: BY_TAG }, 'rejected', false],
  ['that no policy covers', { parts: uncovered }, 'rejected', false],
  ['that no policy covers, by tag', { parts: uncovered, image: BY_TAG }, 'rejected', false],
  ['that is only warned of', { parts: uncovered, change: { componentImages: 'warn' } }, 'accepted', true],
  [
    'that is only warned of, by tag',
    { parts: uncovered, image: BY_TAG, change: { componentImages: 'warn' } },
    'accepted',
    true,
  ],
  ['by stale trust', { refreshedAt: new Date(NOW.getTime() - 2 * DAY_MS) }, 'indeterminate', false],
];

describe.each(rows)('the decision on a component %s', (_, asking, outcome, allowed) => {
  test('is recorded with its evidence and who asked, and confirmed by it', async () => {
    const { allowed: isAllowed, record, trust, objects } = await ask(asking);
    expect(isAllowed).toBe(allowed);
    // Named by no canonical pullspec, also where its repository is one of releases.
    expect(record?.verdict.canonicalPullspec).toBeUndefined();
    expect(record?.verdict).toMatchObject({ judgedAs: 'component', outcome, forced: false, profile: 'acme' });
    const caller = {
      cluster: 'hub',
      user: 'system:admin',
      kind: 'MachineConfig',
      name: 'version',
      operation: 'CREATE',
      field: 'spec.osImageURL',
    };
    expect(record?.asked).toMatchObject({ source: 'admission', pullspec: asking.image ?? IMAGE, caller });
    const questions = await Array.fromAsync(objects.listObjects(`asked/${record?.id ?? ''}/`));
    expect(questions).toHaveLength(1);
    const question = await objects.readObject(questions[0]?.key ?? '', 1e5);
    expect(JSON.parse(Buffer.from(question?.bytes ?? []).toString())).toMatchObject({ caller, forced: false });
    expect(record === undefined ? undefined : await recheckRecord(record, trust)).toMatchObject({
      outcome: 'confirmed',
      differences: [],
    });
  });

  test('is not given where it cannot be recorded', async () => {
    const objects: ObjectStore = {
      ...createMemoryObjectStore(),
      createObject: () => Promise.reject(new StoreError('Unavailable', 'the bucket does not answer')),
    };
    expect(await ask({ ...asking, objects })).toMatchObject({ allowed: false, code: 503, record: undefined });
  });

  test('is answered alike in a dry run, which writes nothing', async () => {
    const { review, objects } = await setUp(asking);
    const body = toMachineConfig(asking.image ?? IMAGE, true);
    const { allowed: isAllowed, auditAnnotations } = await review({ resource: 'machineconfigs', body });
    expect([isAllowed, auditAnnotations]).toEqual([allowed, undefined]);
    const kept = (await Array.fromAsync(objects.listObjects(''))).map(({ key }) => key.split('/')[0]);
    // Manifests by their digest, which spare the registry a question, are no answer.
    expect(kept.filter((folder) => folder !== 'manifests')).toEqual([]);
  });
});

test('a component is not accepted because a release of the same name was', async () => {
  const { review } = setUpAdmission();
  expect(await review({ body: toUpdate({ image: GOOD }) })).toMatchObject({ allowed: true });
  const answer = await review({ resource: 'machineconfigs', body: toMachineConfig(GOOD) });
  expect(answer).toMatchObject({ allowed: false, status: { code: 403 } });
});

test('what a component was accepted for is not reused for a release, nor asked again as one', async () => {
  const { review, objects } = await setUp({});
  expect(await review({ resource: 'machineconfigs', body: toMachineConfig(IMAGE) })).toMatchObject({ allowed: true });
  const keys = (await Array.fromAsync(objects.listObjects(''))).map(({ key }) => key.split('/')[0]);
  expect(new Set(keys)).toEqual(new Set(['asked', 'decisions', 'records', 'manifests']));
});

test('a question about another field is one of its own, and a repeated one is written once', async () => {
  const { review, objects } = await setUp({});
  const resource = 'hostedclusters';
  const annotate = (name: string) =>
    toReview(resource, {
      operation: 'CREATE',
      object: { metadata: { annotations: { [`hypershift.openshift.io/${name}-image`]: IMAGE } } },
    });
  for (const name of ['etcd', 'etcd', 'kas']) await review({ resource, body: annotate(name) });
  expect(await Array.fromAsync(objects.listObjects('asked/'))).toHaveLength(2);
  expect(await Array.fromAsync(objects.listObjects('records/by-id/'))).toHaveLength(1);
});

test('each image of an object has a record, and the audit log names every one once', async () => {
  const { review } = await setUp({ change: { canonicalRepositories: [parseRepository(OTHER_NAME)] } });
  const annotations = Object.fromEntries(
    [IMAGE, IMAGE, BY_TAG].map((image, index) => [`hypershift.openshift.io/c${index}-image`, image]),
  );
  const body = toReview('hostedclusters', { operation: 'CREATE', object: { metadata: { annotations } } });
  const { allowed, auditAnnotations = { record: '' } } = await review({ resource: 'hostedclusters', body });
  expect(allowed).toBe(false);
  expect(Object.keys(auditAnnotations)).toEqual(['record', 'record-2']);
  expect(new Set(Object.values(auditAnnotations)).size).toBe(2);
});

describe('a record of a component is refuted that says', () => {
  const forge = (record: VerdictRecord, change: Partial<VerdictRecord['verdict']>): VerdictRecord => {
    const verdict = { ...record.verdict, ...change };
    return { ...record, verdict, id: toRecordId(record.asked, verdict) };
  };
  test.each<[string, Asking, Partial<Verdict>]>([
    ['it was a release', { change: { canonicalRepositories: [parseRepository(OTHER_NAME)] } }, { judgedAs: undefined }],
    ['what nobody signed was accepted', { lookaside: createMemoryLookaside({}) }, { outcome: 'accepted', reasons: [] }],
    ['what no policy covers was accepted', { parts: uncovered }, { outcome: 'accepted', reasons: [] }],
    [
      'what a policy covers was only warned of',
      { lookaside: createMemoryLookaside({}), change: { componentImages: 'warn' } },
      { outcome: 'accepted', reasons: [], warnings: [] },
    ],
    ['force admitted it', { lookaside: createMemoryLookaside({}) }, { outcome: 'accepted', forced: true }],
  ])('%s', async (_, asking, change) => {
    const { record, trust } = await ask(asking);
    if (record === undefined) throw new TypeError('there is no record');
    expect(await recheckRecord(forge(record, change), trust)).toMatchObject({ outcome: 'differs' });
  });
});

test('the record of a component has another id than that of a release', async () => {
  const { record } = await ask({});
  if (record === undefined) throw new TypeError('there is no record');
  const { judgedAs: _, ...release } = record.verdict;
  expect(toRecordId(record.asked, release)).not.toBe(record.id);
});

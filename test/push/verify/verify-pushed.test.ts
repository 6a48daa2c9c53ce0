import { beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { verifyPushed } from '../../../lib/push/verify/verify-pushed.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { loadRevision } from '../../../lib/trust/source/load-trust.ts';
import { readQuestions } from '../../../lib/verdict/records/questions.ts';
import { recheckRecord } from '../../../lib/verdict/records/recheck-record.ts';
import { toDigest } from '../../fixtures/make/payload.ts';
import { makeSigner, type Signer } from '../../support/make-signer.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import {
  CANONICAL,
  GOOD,
  listKeys,
  PUSH_SOURCE as MAPPED,
  OTHER,
  publishKeyrings,
  pushOf,
  REGISTRY,
  REPOSITORY,
  type RegistryContents,
  readRecords,
  setUpPushes,
} from './push-setup.ts';

let signer: Signer;
let stranger: Signer;
beforeAll(async () => {
  [signer, stranger] = await Promise.all([makeSigner('release'), makeSigner('stranger')]);
});

const PUSH_SOURCE = { source: 'distribution', registry: REGISTRY, repository: REPOSITORY };

interface SetUp {
  readonly registry?: RegistryContents;
  readonly failure?: StoreError;
  readonly pushSources?: PreparedTrust['pushSources'];
}

async function setUp({ registry, failure, pushSources = [MAPPED] }: SetUp = {}) {
  const objects = createMemoryObjectStore();
  await publishKeyrings(objects, [signer.keyring], 'first', { pushSources });
  const signatures = new Map([
    [GOOD, [signer.sign(GOOD)]],
    [OTHER, [stranger.sign(OTHER)]],
  ]);
  return { objects, ...setUpPushes({ objects, signatures, failure, ...(registry === undefined ? {} : { registry }) }) };
}

describe('a push', () => {
  test('by digest becomes a verdict by what it mirrors, a record that checks, an event, and a digest to mirror', async () => {
    const { objects, dependencies, bus, mirrorQueue, registries } = await setUp();
    const result = await verifyPushed(pushOf({ tag: '4.99.0' }), dependencies, false, AbortSignal.timeout(60_000));
    expect(result).toMatchObject({ kind: 'decided', changed: false, verdict: { outcome: 'accepted', digest: GOOD } });
    const [record] = await readRecords(objects);
    expect(record).toMatchObject({
      asked: {
        source: 'distribution',
        registry: REGISTRY,
        repository: REPOSITORY,
        tag: '4.99.0',
        pullspec: `${REGISTRY}/${REPOSITORY}:4.99.0@${GOOD}`,
      },
      verdict: { outcome: 'accepted', pullspec: `${CANONICAL}@${GOOD}`, canonicalPullspec: `${CANONICAL}@${GOOD}` },
    });
    expect(bus.events).toMatchObject([{ detailType: 'Signet Verdict', detail: { recordId: record?.id } }]);
    expect(mirrorQueue.sent.map((body) => JSON.parse(body) as unknown)).toMatchObject([{ digest: GOOD }]);
    expect(registries.asked).toEqual([GOOD]);
    if (record === undefined) throw new Error('there is no record');
    const trust = await loadRevision(objects, 'ocp', record.verdict.trustRevision);
    expect(await recheckRecord(record, trust)).toMatchObject({ outcome: 'confirmed', differences: [] });
  });

  test.each([false, true])('is published although the mirror queue is down; last try: %s', async (isLastTry) => {
    const { dependencies, bus } = await setUp();
    const down = new StoreError('ConnectionFailed', 'the queue is down');
    const mirrorQueue = { description: 'mirror', sendMessages: () => Promise.reject(down) };
    const result = await verifyPushed(
      pushOf({ tag: '4.99.0' }),
      { ...dependencies, mirrorQueue },
      isLastTry,
      AbortSignal.timeout(60_000),
    );
    expect(result).toMatchObject({ kind: 'decided', verdict: { outcome: 'accepted' }, mirrorFailure: down });
    expect(bus.events).toHaveLength(1);
  });

  test('by tag alone is resolved, anew each time', async () => {
    const tags: Record<string, typeof GOOD> = { latest: GOOD };
    const { dependencies, registries, objects } = await setUp({ registry: { tags } });
    const push = pushOf({ digest: undefined, tag: 'latest' });
    expect(await verifyPushed(push, dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      verdict: { outcome: 'accepted' },
    });
    tags['latest'] = OTHER;
    expect(await verifyPushed(push, dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      verdict: { outcome: 'rejected', digest: OTHER, reasons: [{ code: 'KeyUnknown' }] },
    });
    expect(registries.asked).toEqual(['latest', GOOD, 'latest', OTHER]);
    for (const record of await readRecords(objects)) {
      const trust = await loadRevision(objects, 'ocp', record.verdict.trustRevision);
      const { outcome, takenAsRecorded } = await recheckRecord(record, trust);
      expect([outcome, takenAsRecorded.some((line) => line.includes('stood for'))]).toEqual(['confirmed', true]);
    }
  });

  test('without mirrorOf is judged by where it was pushed', async () => {
    const { dependencies } = await setUp({ pushSources: [PUSH_SOURCE] });
    const result = await verifyPushed(
      { ...pushOf(), mirrorOf: undefined },
      dependencies,
      false,
      AbortSignal.timeout(60_000),
    );
    expect(result).toMatchObject({ verdict: { outcome: 'rejected', reasons: [{ code: 'RepositoryNotCanonical' }] } });
  });

  const SIGNATURE_TAG = `${GOOD.replace(':', '-')}.sig`;
  const manifestDigest = parseDigest(toDigest('a referrer'));
  test.each([
    ['a signature’s tag asks about what it signs', { digest: manifestDigest, tag: SIGNATURE_TAG }, {}],
    ['a signature’s tag without a digest', { digest: undefined, tag: SIGNATURE_TAG }, {}],
    ['a referrers tag', { digest: manifestDigest, tag: GOOD.replace(':', '-') }, {}],
    [
      'a referrer asks about its subject',
      { digest: manifestDigest, referrer: true },
      { manifests: { [manifestDigest]: { subject: { digest: GOOD } } } },
    ],
  ] as const)('%s', async (_, change, registry) => {
    const { dependencies, objects } = await setUp({ registry });
    expect(await verifyPushed(pushOf(change), dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      kind: 'decided',
      verdict: { outcome: 'accepted', digest: GOOD },
    });
    expect((await readRecords(objects)).map(({ asked }) => asked)).toEqual([
      { ...PUSH_SOURCE, pullspec: `${REGISTRY}/${REPOSITORY}@${GOOD}`, caller: { registry: REGISTRY } },
    ]);
  });

  test('says by which event of which registry, each of them beside the one record', async () => {
    const { dependencies, objects } = await setUp();
    const events = ['first', 'second'];
    for (const eventId of events) {
      await verifyPushed(pushOf({ eventId }), dependencies, false, AbortSignal.timeout(60_000));
    }
    const [record, ...others] = await readRecords(objects);
    expect([record?.asked.caller, others]).toEqual([{ registry: REGISTRY, eventId: 'first' }, []]);
    const { times, latest } = await readQuestions(objects, record?.id ?? '', dependencies.now());
    expect([times, new Set(latest.map(({ caller }) => caller?.['eventId']))]).toEqual([2, new Set(events)]);
  });

  test.each([
    ['an attestation', { tag: `${GOOD.replace(':', '-')}.att` }, {}],
    ['an SBOM', { tag: `${GOOD.replace(':', '-')}.sbom` }, {}],
    [
      'a referrer without a subject',
      { digest: manifestDigest, referrer: true },
      { manifests: { [manifestDigest]: { layers: [] } } },
    ],
  ] as const)('%s leads to nothing', async (_, change, registry) => {
    const { dependencies, objects, bus } = await setUp({ registry });
    expect(await verifyPushed(pushOf(change), dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      kind: 'nothing',
    });
    expect([await readRecords(objects), bus.events]).toEqual([[], []]);
  });

  test('a host that the profile does not allow can never succeed, and nothing is recorded', async () => {
    const failure = new StoreError('NotAllowed', 'the registry is not contacted');
    const { dependencies, objects, bus } = await setUp({ registry: { failure } });
    const result = await verifyPushed(
      pushOf({ digest: undefined, tag: 'latest' }),
      dependencies,
      false,
      AbortSignal.timeout(60_000),
    );
    expect(result).toEqual({ kind: 'never', reason: failure.message });
    expect([await readRecords(objects), bus.events]).toEqual([[], []]);
  });

  test.each(['NotFound', 'AccessDenied', 'Unavailable', 'ContentMismatch', 'TimedOut'] as const)(
    'a registry that fails with %s is asked again later',
    async (code) => {
      const { dependencies, bus } = await setUp({ registry: { failure: new StoreError(code, 'no') } });
      const verified = verifyPushed(
        pushOf({ digest: undefined, tag: 'latest' }),
        dependencies,
        true,
        AbortSignal.timeout(60_000),
      );
      await expect(verified).rejects.toMatchObject({ code });
      expect(bus.events).toEqual([]);
    },
  );

  test.each([
    ['of a repository that the trust does not map (any more)', pushOf(), []],
    ['of another repository', pushOf({ repository: 'evil/release' }), [MAPPED]],
    ['of another registry', pushOf({ registry: 'evil.example.com' }), [MAPPED]],
    ['of another source', pushOf({ source: 'harbor' }), [MAPPED]],
    ['that claims to mirror what the trust does not say', pushOf(), [PUSH_SOURCE]],
  ])('%s is never accepted, whatever the queue holds', async (_, message, pushSources) => {
    const { dependencies, objects, bus, registries } = await setUp({ pushSources });
    expect(await verifyPushed(message, dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      kind: 'never',
    });
    expect([await readRecords(objects), bus.events, registries.asked]).toEqual([[], [], []]);
  });

  test('of a profile that is not loaded can never succeed', async () => {
    const { dependencies } = await setUp();
    expect(
      await verifyPushed({ ...pushOf(), profile: 'okd' }, dependencies, false, AbortSignal.timeout(60_000)),
    ).toMatchObject({ kind: 'never' });
  });

  test('whose store is down is open and not told until its last try; it never becomes accepted', async () => {
    const { dependencies, bus, objects } = await setUp({ failure: new StoreError('TimedOut', 'no answer') });
    expect(await verifyPushed(pushOf(), dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      kind: 'open',
    });
    expect(bus.events).toEqual([]);
    expect(await verifyPushed(pushOf(), dependencies, true, AbortSignal.timeout(60_000))).toMatchObject({
      kind: 'open',
    });
    expect(bus.events).toMatchObject([{ detailType: 'Signet Verdict', detail: { outcome: 'indeterminate' } }]);
    expect((await readRecords(objects)).map(({ verdict }) => verdict.outcome)).toEqual(['indeterminate']);
    expect(await listKeys(objects, 'verdicts/')).toEqual([]);
    expect(await listKeys(objects, 'accepted/')).toEqual([]);
  });

  test('delivered again is the same record, and the same event', async () => {
    const { dependencies, bus, objects } = await setUp();
    await verifyPushed(pushOf(), dependencies, false, AbortSignal.timeout(60_000));
    const keys = await listKeys(objects);
    await verifyPushed(pushOf(), dependencies, false, AbortSignal.timeout(60_000));
    expect(await listKeys(objects)).toEqual(keys);
    const [first, second] = bus.events.map(({ detail }) => ({ ...detail, decidedAt: '' }));
    expect([second, bus.events.length]).toEqual([first, 2]);
  });
});

describe('a verdict that changes', () => {
  test('is told once, with what it was; the same again is no change', async () => {
    const { dependencies, bus, objects } = await setUp();
    await verifyPushed(pushOf(), dependencies, false, AbortSignal.timeout(60_000));
    await publishKeyrings(objects, [stranger.keyring], 'second');
    const later = setUpPushes({ objects, signatures: new Map([[GOOD, [signer.sign(GOOD)]]]) });
    expect(await verifyPushed(pushOf(), later.dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      changed: true,
    });
    expect(later.bus.events.map(({ detailType }) => detailType)).toEqual(['Signet Verdict', 'Signet Verdict Changed']);
    expect(later.bus.events[1]).toMatchObject({
      detail: { outcome: 'rejected', previous: { outcome: 'accepted', recordId: recordIdOf(bus.events[0]) } },
    });
    expect(await verifyPushed(pushOf(), later.dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      changed: false,
    });
    expect(later.bus.events).toHaveLength(3);
  });

  test('is not one while a store is down: the last verdict that was had still stands', async () => {
    const { dependencies, objects } = await setUp();
    await verifyPushed(pushOf(), dependencies, false, AbortSignal.timeout(60_000));
    const down = setUpPushes({ objects, signatures: new Map(), failure: new StoreError('TimedOut', 'no answer') });
    await verifyPushed(pushOf(), down.dependencies, true, AbortSignal.timeout(60_000));
    expect(down.bus.events.map(({ detailType }) => detailType)).toEqual(['Signet Verdict']);
    const back = setUpPushes({ objects, signatures: new Map([[GOOD, [signer.sign(GOOD)]]]) });
    expect(await verifyPushed(pushOf(), back.dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      changed: false,
    });
  });

  test('of one repository is none of another', async () => {
    const { dependencies, bus } = await setUp({
      pushSources: [MAPPED, { ...PUSH_SOURCE, repository: 'other/release' }],
    });
    await verifyPushed(pushOf(), dependencies, false, AbortSignal.timeout(60_000));
    await verifyPushed(
      { ...pushOf({ repository: 'other/release' }), mirrorOf: undefined },
      dependencies,
      false,
      AbortSignal.timeout(60_000),
    );
    await verifyPushed(pushOf(), dependencies, false, AbortSignal.timeout(60_000));
    expect(bus.events.map(({ detailType }) => detailType)).toEqual(Array.from({ length: 3 }, () => 'Signet Verdict'));
  });
});

function recordIdOf(event: { readonly detail: object } | undefined): unknown {
  return event !== undefined && 'recordId' in event.detail ? event.detail.recordId : undefined;
}

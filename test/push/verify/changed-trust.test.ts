import { beforeAll, describe, expect, test, vi } from 'vitest';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { publishVerdict } from '../../../lib/push/verify/publish-verdict.ts';
import { type QueuedMessage, toReverifyBody } from '../../../lib/push/verify/queued-message.ts';
import { MESSAGE_TIMEOUT_MS, verifyPushed } from '../../../lib/push/verify/verify-pushed.ts';
import type { ManifestReader } from '../../../lib/registry/profile/profile-registries.ts';
import type { Verdict } from '../../../lib/verdict/judge/verdict.ts';
import { type Asked, recordKey, toRecordId } from '../../../lib/verdict/records/verdict-record.ts';
import { makeSigner, type Signer } from '../../support/make-signer.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { CANONICAL, createKeptBus, GOOD, publishKeyrings, pushOf, readRecords, setUpPushes } from './push-setup.ts';

let signer: Signer;
let stranger: Signer;
beforeAll(async () => {
  [signer, stranger] = await Promise.all([makeSigner('release'), makeSigner('stranger')]);
});

/** An instance that holds the first trust, and the second that was published since. */
async function makeStale() {
  const objects = createMemoryObjectStore();
  await publishKeyrings(objects, [signer.keyring]);
  let isDown = false;
  const flaky: ObjectStore = {
    ...objects,
    readObject: async (key, limit) => {
      if (isDown && key.endsWith('/current')) throw new StoreError('Unavailable', 'the bucket is away');
      return await objects.readObject(key, limit);
    },
  };
  const signatures = new Map([[GOOD, [signer.sign(GOOD)]]]);
  const { dependencies, bus } = setUpPushes({ objects: flaky, signatures });
  await verifyPushed(pushOf(), dependencies, false, AbortSignal.timeout(60_000));
  const revision = await publishKeyrings(objects, [stranger.keyring], 'second');
  const [record] = await readRecords(objects);
  const again = JSON.parse(toReverifyBody('ocp', record?.id ?? '', revision)) as QueuedMessage;
  const setDown = (value: boolean): void => {
    isDown = value;
  };
  return { objects, dependencies, bus, again, setDown };
}

test('the record of a component is not asked again as that of a release', async () => {
  const { objects, dependencies, again, bus } = await makeStale();
  const told = bus.events.length;
  const [record] = await readRecords(objects);
  if (record === undefined) throw new TypeError('there is no record');
  const verdict = { ...record.verdict, judgedAs: 'component' } as const;
  const id = toRecordId(record.asked, verdict);
  await objects.createObject(recordKey(id), Buffer.from(JSON.stringify({ ...record, id, verdict })));
  const message = { ...again, recordId: id } as QueuedMessage;
  expect(await verifyPushed(message, dependencies, false, AbortSignal.timeout(60_000))).toEqual({
    kind: 'never',
    reason: `the record ${id} is of a component`,
  });
  expect(bus.events).toHaveLength(told);
});

describe('who holds older trust', () => {
  test('reads it again for a message that names a newer one', async () => {
    const { dependencies, again } = await makeStale();
    expect(await verifyPushed(again, dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      changed: true,
      verdict: { outcome: 'rejected' },
    });
  });

  test('decides nothing by it while the newer one cannot be read', async () => {
    const { dependencies, again, setDown, bus } = await makeStale();
    setDown(true);
    await expect(verifyPushed(again, dependencies, false, AbortSignal.timeout(60_000))).rejects.toMatchObject({
      code: 'Unavailable',
    });
    expect(bus.events).toHaveLength(1);
    setDown(false);
    expect(await verifyPushed(again, dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      changed: true,
    });
  });

  test('does not tell by it what was told otherwise by newer trust', async () => {
    const { objects, dependencies, again, bus } = await makeStale();
    const fresh = setUpPushes({ objects, signatures: new Map([[GOOD, [signer.sign(GOOD)]]]) });
    expect(await verifyPushed(again, fresh.dependencies, false, AbortSignal.timeout(60_000))).toMatchObject({
      changed: true,
    });
    // Its trust is younger than a minute: on its own it would not look.
    await expect(verifyPushed(pushOf(), dependencies, false, AbortSignal.timeout(60_000))).rejects.toMatchObject({
      code: 'ConditionFailed',
    });
    expect(bus.events).toHaveLength(1);
    const second = await verifyPushed(pushOf(), dependencies, false, AbortSignal.timeout(60_000));
    expect(second).toMatchObject({ changed: false, verdict: { outcome: 'rejected' } });
  });
});

const ASKED: Asked = { source: 'ecr', pullspec: `${CANONICAL}@${GOOD}` };
function verdictOf(outcome: 'accepted' | 'rejected', decidedAt: string, mode: Verdict['mode'] = 'enforce'): Verdict {
  return {
    schema: 1,
    outcome,
    forced: false,
    pullspec: `${CANONICAL}@${GOOD}`,
    digest: GOOD,
    profile: 'ocp',
    mode,
    trustRevision: 'a'.repeat(64),
    verifierVersion: 'signet/0.2.0',
    reasons: outcome === 'accepted' ? [] : [{ code: 'KeyRevoked', message: 'revoked' }],
    warnings: [],
    attempts: [],
    decidedAt,
  };
}
const T1 = '2026-11-22T10:00:00.000Z';
const T2 = '2026-11-22T10:00:01.000Z';
const T3 = '2026-11-22T10:00:02.000Z';
const id = (letter: string): string => letter.repeat(64);
const typesOf = (events: readonly { readonly detailType: string }[]): readonly string[] =>
  events.map(({ detailType }) => detailType.replace('Signet ', ''));

describe('two verdicts at a time', () => {
  const tell = async (objects: ObjectStore, verdict: Verdict, recordId: string, bus = createKeptBus()) =>
    (await publishVerdict({ verdict, recordId, asked: ASKED }, objects, bus)).events;

  test('the older one, told later, is no change, and does not take the place of the newer', async () => {
    const objects = createMemoryObjectStore();
    await tell(objects, verdictOf('accepted', T1), id('a'));
    expect(typesOf(await tell(objects, verdictOf('rejected', T3), id('b')))).toEqual(['Verdict', 'Verdict Changed']);
    expect(typesOf(await tell(objects, verdictOf('accepted', T2), id('a')))).toEqual(['Verdict']);
    const last = await tell(objects, verdictOf('accepted', '2026-11-22T10:00:03.000Z'), id('a'));
    expect(typesOf(last)).toEqual(['Verdict', 'Verdict Changed']);
  });

  test.each<[name: string, bytes: Uint8Array, isReplaced: boolean]>([
    ['nothing', new Uint8Array(), true],
    ['no JSON', Buffer.from('{'), true],
    ['of a newer schema', Buffer.from('{"schema":99}'), true],
    ['of another pullspec', Buffer.from('{}'), true],
    ['longer than it may be', Buffer.alloc(64 * 1024, 0x20), false],
  ])(
    'something else in the place of the last verdict, %s, keeps back no event, and is named',
    async (_, planted, isReplaced) => {
      const objects = createMemoryObjectStore();
      await tell(objects, verdictOf('accepted', T1), id('a'));
      const [last] = await Array.fromAsync(objects.listObjects('verdicts/'));
      const key = last?.key ?? '';
      await objects.deleteObject(key);
      await objects.createObject(key, planted);
      const request = { verdict: verdictOf('rejected', T2), recordId: id('b'), asked: ASKED };
      const { events, fault } = await publishVerdict(request, objects, createKeptBus());
      expect([typesOf(events), fault]).toEqual([['Verdict'], expect.stringMatching(/./)]);
      const next = await publishVerdict({ ...request, verdict: verdictOf('accepted', T3) }, objects, createKeptBus());
      expect([typesOf(next.events), next.fault === undefined]).toEqual([
        isReplaced ? ['Verdict', 'Verdict Changed'] : ['Verdict'],
        isReplaced,
      ]);
    },
  );

  test('a planted verdict of the future hides no change, and is named', async () => {
    const objects = createMemoryObjectStore();
    await tell(objects, verdictOf('accepted', T1), id('a'));
    const [last] = await Array.fromAsync(objects.listObjects('verdicts/'));
    const key = last?.key ?? '';
    const stored = Buffer.from((await objects.readObject(key, 1e5))?.bytes ?? []).toString();
    await objects.deleteObject(key);
    await objects.createObject(key, Buffer.from(stored.replaceAll(T1, '2099-01-01T00:00:00.000Z')));
    const request = { verdict: verdictOf('rejected', T2), recordId: id('b'), asked: ASKED };
    const { fault } = await publishVerdict(request, objects, createKeptBus());
    expect(fault).toBe('the last verdict is of 2099-01-01T00:00:00.000Z');
    const next = await tell(objects, verdictOf('accepted', T3), id('a'));
    expect(typesOf(next)).toEqual(['Verdict', 'Verdict Changed']);
  });

  test.each(['NotAllowed', 'StatusUnexpected', 'KeyRefused'] as const)(
    'a last verdict that answers %s keeps back no event, and is named',
    async (code) => {
      const objects = createMemoryObjectStore();
      const refusing: ObjectStore = {
        ...objects,
        readObject: () => Promise.reject(new StoreError(code, 'refused')),
      };
      const request = { verdict: verdictOf('rejected', T2), recordId: id('b'), asked: ASKED };
      const { events, fault } = await publishVerdict(request, refusing, createKeptBus());
      expect([typesOf(events), fault]).toEqual([['Verdict'], 'refused']);
    },
  );

  test('the first ones of a digest: whoever comes second finds the change', async () => {
    const objects = createMemoryObjectStore();
    let isFirst = true;
    const racing: ObjectStore = {
      ...objects,
      replaceObject: async (...args) => {
        if (isFirst) {
          isFirst = false;
          await tell(objects, verdictOf('rejected', T1), id('b'));
        }
        return await objects.replaceObject(...args);
      },
    };
    const bus = createKeptBus();
    await tell(racing, verdictOf('accepted', T2), id('a'), bus);
    expect(typesOf(bus.events)).toEqual(['Verdict', 'Verdict Changed']);
    expect(bus.events[1]).toMatchObject({ detail: { outcome: 'accepted', previous: { outcome: 'rejected' } } });
  });

  test('a verdict that is made again counts from then on', async () => {
    const objects = createMemoryObjectStore();
    await tell(objects, verdictOf('accepted', T1), id('a'));
    await tell(objects, verdictOf('accepted', T3), id('a'));
    expect(typesOf(await tell(objects, verdictOf('rejected', T2), id('b')))).toEqual(['Verdict']);
  });

  test('of two modes are no change of each other', async () => {
    const objects = createMemoryObjectStore();
    await tell(objects, verdictOf('accepted', T1, 'warn'), id('a'));
    expect(typesOf(await tell(objects, verdictOf('rejected', T2, 'enforce'), id('b')))).toEqual(['Verdict']);
  });
});

test('a registry that never ends does not keep a message for longer than its time', async () => {
  const objects = createMemoryObjectStore();
  await publishKeyrings(objects, [signer.keyring]);
  const { dependencies } = setUpPushes({ objects, signatures: new Map() });
  const endless: ManifestReader = {
    resolveTag: (_repository, _tag, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
    readManifest: () => Promise.reject(new Error('not asked for')),
  };
  const registries = { ...dependencies.registries, open: async () => endless };
  vi.useFakeTimers();
  try {
    const push = pushOf({ digest: undefined, tag: 'latest' });
    const failure = verifyPushed(push, { ...dependencies, registries }, false, AbortSignal.timeout(60_000)).catch(
      (error: unknown) => error,
    );
    await vi.advanceTimersByTimeAsync(MESSAGE_TIMEOUT_MS);
    expect(await failure).toMatchObject({ code: 'TimedOut' });
  } finally {
    vi.useRealTimers();
  }
});

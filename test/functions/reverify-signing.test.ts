import { describe, expect, test } from 'vitest';
import { createHandler } from '../../functions/reverify/handler.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../lib/base/names/digest.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import type { Signer } from '../../lib/platform/signing/signer.ts';
import { createSigning } from '../../lib/push/reverify/signing.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import {
  attestationKey,
  MAX_ATTESTATION_BYTES,
  openAttestation,
  readAttestation,
} from '../../lib/verdict/attest/attest-record.ts';
import { indexRecord } from '../../lib/verdict/records/decision-row.ts';
import { recordKey, type VerdictRecord } from '../../lib/verdict/records/verdict-record.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { FIXTURE_TIME, fixtureReleases, readFixtureDocuments } from '../support/fixture-releases.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { createMemoryQueue } from '../support/memory-queue.ts';
import { createKeptTelemetry } from '../support/quiet-telemetry.ts';
import { fixtureTrust, forge, makeKey, recordOfRelease, toStored } from '../verdict/attest/attest-setup.ts';
import { keysOf } from '../verdict/records/decision-store.ts';

const key = makeKey();
const accepted = await recordOfRelease();
const acceptedToo = await recordOfRelease(fixtureReleases.findLastIndex(({ expected }) => expected === 'accept'));
const rejected = await recordOfRelease(fixtureReleases.findIndex(({ expected }) => expected !== 'accept'));
const digest = parseDigest(`sha256:${'5'.repeat(64)}`);
const pullspec = accepted.verdict.pullspec.replace(/sha256:.*/, digest);
const planted = forge(
  { ...accepted, asked: { ...accepted.asked, pullspec } },
  { pullspec, canonicalPullspec: pullspec, digest },
);
const MINUTE_MS = 60_000;

async function makeScene(
  records: readonly VerdictRecord[],
  openSigner: () => Promise<Signer> = async () => await Promise.resolve(key.signer),
) {
  const objects = createMemoryObjectStore();
  await publishTrust(objects, fixtureTrust.prepared, readFixtureDocuments());
  for (const record of records) {
    await objects.createObject(recordKey(record.id), toStored(record).bytes);
    await indexRecord(objects, record);
  }
  let time = FIXTURE_TIME.getTime();
  const now = (): Date => new Date(time);
  const telemetry = createKeptTelemetry();
  const handler = createHandler({
    objects,
    trust: createTrustSource(objects, ['ocp'], now, 0),
    pushQueue: createMemoryQueue(),
    invalidation: undefined,
    now,
    telemetry,
    signing: createSigning('signing.pem', readNothing, openSigner),
  });
  const run = async (minutes = 1) => {
    time += minutes * MINUTE_MS;
    return await handler({}, createLocalContext('reverify', 300_000));
  };
  return { objects, telemetry, run };
}

function readNothing(): never {
  throw new Error('a file needs no settings of AWS');
}

async function readSigned(objects: ObjectStore, { id }: VerdictRecord): Promise<string | undefined> {
  const bytes = await readAttestation(objects, id, 'svr');
  return bytes === undefined ? undefined : openAttestation(bytes, [key.publicKey]).recordId;
}

describe('reverify with a signing key', () => {
  test('signs what was accepted, by its evidence, and nothing else', async () => {
    const { objects, telemetry, run } = await makeScene([accepted, rejected, planted]);
    // What was planted fails a run, which alarms.
    await expect(run()).rejects.toThrow(`the record ${planted.id} is not signed: `);
    expect(await readSigned(objects, accepted)).toBe(accepted.id);
    expect(await keysOf(objects, 'attestations/')).toEqual([`${accepted.id}/svr.dsse.json`]);
    expect(Object.fromEntries(telemetry.counts)).toMatchObject({ VerdictsSigned: 1, AttestationRefused: 1 });
    await run();
    expect(Object.fromEntries(telemetry.counts)).toMatchObject({ VerdictsSigned: 1, AttestationRefused: 1 });
  });

  test('a key that fails changes no record, is told, and is made up for', async () => {
    let isDown = true;
    const failing: Signer = {
      ...key.signer,
      sign: async (content) => {
        if (isDown) throw new StoreError('TimedOut', 'Sign of arn:aws:kms:…: no answer');
        return await key.signer.sign(content);
      },
    };
    const { objects, telemetry, run } = await makeScene([accepted], async () => await Promise.resolve(failing));
    const before = (await objects.readObject(recordKey(accepted.id), 1e6))?.bytes;
    await expect(run()).rejects.toMatchObject({ code: 'TimedOut' });
    expect((await objects.readObject(recordKey(accepted.id), 1e6))?.bytes).toEqual(before);
    expect(Object.fromEntries(telemetry.counts)).toMatchObject({ VerdictsNotSigned: 2 });
    expect(await keysOf(objects, 'attestations/')).toEqual([]);
    isDown = false;
    await run();
    expect(await readSigned(objects, accepted)).toBe(accepted.id);
    expect(await keysOf(objects, 'seals/')).toEqual(['2026-11-20/0001.json']);
  });

  test.each<[name: string, blocked: VerdictRecord, other: VerdictRecord]>([
    ['the first', accepted, acceptedToo],
    ['the last', acceptedToo, accepted],
  ])('what cannot be read in the place of %s attestation keeps no other record from being signed', async (...row) => {
    const [, blocked, other] = row;
    const { objects, telemetry, run } = await makeScene([accepted, acceptedToo]);
    await objects.createObject(attestationKey(blocked.id, 'svr'), Buffer.alloc(MAX_ATTESTATION_BYTES + 1));
    await expect(run()).rejects.toThrow(`${attestationKey(blocked.id, 'svr')} is in the way`);
    expect(await readSigned(objects, other)).toBe(other.id);
    expect(Object.fromEntries(telemetry.counts)).toMatchObject({ VerdictsSigned: 1, VerdictsNotSigned: 1 });
  });

  test('a key that cannot be opened is opened again by the next run', async () => {
    let tries = 0;
    const { objects, telemetry, run } = await makeScene([accepted], async () => {
      tries += 1;
      if (tries === 1) throw new StoreError('NotAllowed', 'GetPublicKey failed: 403');
      return await Promise.resolve(key.signer);
    });
    await expect(run()).rejects.toMatchObject({ code: 'NotAllowed' });
    expect(Object.fromEntries(telemetry.counts)).toMatchObject({ VerdictsNotSigned: 1 });
    await run();
    expect(await readSigned(objects, accepted)).toBe(accepted.id);
  });

  test('what was not signed within two hours is signed when its day is sealed', async () => {
    const { objects, run } = await makeScene([]);
    await run();
    await run(70);
    await objects.createObject(recordKey(accepted.id), toStored(accepted).bytes);
    await indexRecord(objects, accepted);
    await run(3 * 60);
    expect(await readSigned(objects, accepted)).toBeUndefined();
    await run(24 * 60);
    expect(await keysOf(objects, 'seals/')).toEqual([
      '2026-11-20/0001.json',
      '2026-11-21/0001.json',
      '2026-11-22/0001.json',
    ]);
    expect(await readSigned(objects, accepted)).toBe(accepted.id);
  });

  test('a broken chain fails each run, and signing goes on', async () => {
    const { objects, telemetry, run } = await makeScene([accepted]);
    await objects.createObject('seals/2026-11-20/0001.json', Buffer.from('junk'));
    await expect(run()).rejects.toThrow('the chain of seals is broken at seals/2026-11-20/0001.json');
    expect(await readSigned(objects, accepted)).toBe(accepted.id);
    await expect(run()).rejects.toThrow('the chain of seals is broken');
    expect(Object.fromEntries(telemetry.counts)).toMatchObject({ VerdictsSigned: 1 });
  });

  test('a seal by another key fails each run until a day is sealed by this one', async () => {
    const other = makeKey();
    const { objects, telemetry, run } = await makeScene([accepted]);
    const objectsOfOther = await makeScene([], async () => await Promise.resolve(other.signer));
    await objectsOfOther.run();
    const seal = await objectsOfOther.objects.readObject('seals/2026-11-20/0001.json', 1e6);
    await objects.createObject('seals/2026-11-20/0001.json', seal?.bytes ?? new Uint8Array());
    await expect(run()).rejects.toThrow('the last seal is not by this key: seals/2026-11-20/0001.json');
    expect(await readSigned(objects, accepted)).toBe(accepted.id);
    await expect(run(24 * 60)).rejects.toThrow('the last seal is not by this key');
    await run();
    expect(Object.fromEntries(telemetry.counts)).toMatchObject({ SealForeign: 2, DaysSealed: 1 });
  });

  test('without a key nothing is signed or sealed', async () => {
    const objects = createMemoryObjectStore();
    await publishTrust(objects, fixtureTrust.prepared, readFixtureDocuments());
    const now = (): Date => FIXTURE_TIME;
    const handler = createHandler({
      objects,
      trust: createTrustSource(objects, ['ocp'], now),
      pushQueue: createMemoryQueue(),
      invalidation: undefined,
      now,
      telemetry: createKeptTelemetry(),
    });
    await handler({}, createLocalContext('reverify', 300_000));
    expect([await keysOf(objects, 'seals/'), await keysOf(objects, 'attestations/')]).toEqual([[], []]);
  });
});

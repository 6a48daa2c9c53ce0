import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { expect } from 'vitest';
import { toStoreSegment } from '../../../../lib/base/names/digest.ts';
import type { ObjectStore } from '../../../../lib/platform/objects/port/object-store.ts';
import { attestationKey } from '../../../../lib/verdict/attest/attest-record.ts';
import { readFixtureDocuments } from '../../../support/fixture-releases.ts';
import { keepAccepted, publishProfile, type Scenario, SIGNED, signDigest } from './stage.ts';

const ARCHIVE = 'trust-inbox/okd.tar.gz';
const MAX_BYTES = 64 * 1024;
const SCHEDULE = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };

async function putArchive(objects: ObjectStore, more: Readonly<Record<string, string>> = {}): Promise<void> {
  const entries = readFixtureDocuments(more).map(({ name, bytes }) => ({
    header: { name, size: bytes.length },
    body: bytes,
  }));
  await objects.deleteObject(ARCHIVE);
  await objects.createObject(ARCHIVE, gzipSync(await packTar(entries)));
}

/** The first revision of a profile, the same again, and another. */
export const publishTrust: Scenario = async ({ objects, loseAnswer, invoke }) => {
  const event = { Records: [{ eventName: 'ObjectCreated:Put', s3: { object: { key: ARCHIVE } } }] };
  expect((await invoke(event)).error).toContain('does not exist');
  await putArchive(objects);
  loseAnswer('trust/okd/');
  for (const outcome of ['published', 'unchanged']) {
    expect(await invoke(event)).toMatchObject({ answer: [{ outcome, profile: 'okd' }] });
  }
  await putArchive(objects, { 'another.yaml': PROFILE });
  expect(await invoke(event)).toMatchObject({ answer: [{ outcome: 'published', profile: 'okd' }] });
};

const PROFILE = 'apiVersion: signet/v1\nkind: Profile\nmetadata: { name: okd }\n';

/** What was accepted, and a mirror whose first place holds what does not verify; the same trust again; other trust. */
export const reverify: Scenario = async (stage) => {
  const { objects, invoke } = stage;
  const folder = `signatures/${toStoreSegment(SIGNED)}`;
  await publishProfile(stage);
  const id = await keepAccepted(stage);
  await objects.createObject(`${folder}/signature-1`, Buffer.from('junk'));
  await objects.createObject(`${folder}/signature-2`, signDigest());
  await fillIndex(objects);
  stage.loseAnswer('quarantine/');
  stage.loseAnswer('reverify/');
  stage.loseAnswer('attestations/');
  stage.loseAnswer('seals/');
  const swept = { kind: 'swept', queued: 1, audited: 1, finished: true };
  expect(await invoke(SCHEDULE)).toMatchObject({ answer: { ...swept, quarantined: 1 } });
  expect(await objects.readObject(`${folder}/signature-2`, 0)).toBeUndefined();
  const isSigned = stage.isSet('SIGNET_SIGNING_KEY');
  expect((await objects.readObject(attestationKey(id, 'svr'), MAX_BYTES)) !== undefined).toBe(isSigned);
  expect((await Array.fromAsync(objects.listObjects('seals/'))).length).toBe(isSigned ? 1 : 0);
  expect(await invoke(SCHEDULE)).toMatchObject({ answer: { kind: 'idle' } });
  await publishProfile(stage, 'second');
  expect(await invoke(SCHEDULE)).toMatchObject({ answer: { ...swept, quarantined: 0 } });
};

/** As many entries as are packed, into a pack that takes the record's, and one that has to go. */
async function fillIndex(objects: ObjectStore): Promise<void> {
  for (const ordering of ['all', 'outcome/accepted']) {
    for (let index = 0; index < 1000; index += 1) {
      await objects.createObject(`decisions/new/${ordering}/junk-${index}`, new Uint8Array());
    }
  }
  const [first, last] = [`${'0'.repeat(13)}-${'0'.repeat(64)}`, `${'9'.repeat(13)}-${'f'.repeat(64)}`];
  const pack = Buffer.from(JSON.stringify({ schema: 1, rows: [`${first}.x`, `${last}.x`] }));
  await objects.createObject(`decisions/packs/all/${last}`, pack);
  await objects.createObject(`decisions/packs/outcome/accepted/${last}`, Buffer.from('{}'));
}

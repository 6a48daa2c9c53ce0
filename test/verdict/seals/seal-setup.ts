import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import type { VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { recordKey } from '../../../lib/verdict/records/verdict-record.ts';
import type { AuditSource } from '../../../lib/verdict/seals/audit-records.ts';
import type { SealQuestion } from '../../../lib/verdict/seals/audit-seals.ts';
import { listStoredSeals } from '../../../lib/verdict/seals/read-chain.ts';
import { type SealResult, sealDays } from '../../../lib/verdict/seals/seal-days.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { makeKey, type TestKey, toStored } from '../attest/attest-setup.ts';
import { change } from '../records/decision-store.ts';

export const key = makeKey();

/** A record of its own for each tag, of noon or another time of the day. */
export function recordAt(day: string, tag: string, time = '12:00:00.000'): VerdictRecord {
  return change({ tag }, {}, `${day}T${time}Z`);
}

export async function put(objects: ObjectStore, ...records: readonly VerdictRecord[]): Promise<void> {
  for (const record of records) await objects.createObject(recordKey(record.id), toStored(record).bytes);
}

export async function sealAt(
  objects: ObjectStore,
  time: string,
  { by = key, isTimeUp = () => false }: { readonly by?: TestKey; readonly isTimeUp?: () => boolean } = {},
): Promise<SealResult> {
  return await sealDays({ objects, signer: by.signer, now: () => new Date(time), isTimeUp });
}

/** Three days with records, each sealed at 01:05 of the day after, by the service. */
export async function makeSealed(): Promise<{ objects: ObjectStore; records: readonly VerdictRecord[] }> {
  const objects = createMemoryObjectStore();
  const records: VerdictRecord[] = [];
  for (const [at, day] of DAYS.entries()) {
    const made = [0, 1, 2].map((index) => recordAt(day, `${day}-${index}`));
    await put(objects, ...made);
    records.push(...made);
    await sealAt(objects, `${DAYS[at + 1] ?? '2026-11-04'}T01:05:00.000Z`);
  }
  return { objects, records };
}

export const DAYS = ['2026-11-01', '2026-11-02', '2026-11-03'] as const;

export function sourceOf(objects: ObjectStore): AuditSource {
  return {
    description: objects.description,
    listSeals: () => listStoredSeals(objects),
    async *listIds() {
      for await (const { key: at } of objects.listObjects('records/by-id/')) yield at.slice(14, -5);
    },
    readRecord: async (id) => await objects.readObject(recordKey(id), 4 * 1024 * 1024),
  };
}

export function ask(members: Partial<SealQuestion> = {}): SealQuestion {
  return {
    since: undefined,
    until: '2026-11-04',
    keys: [key.publicKey],
    expectRoot: undefined,
    now: new Date('2026-11-04T12:00:00Z'),
    ...members,
  };
}

/** Puts bytes in the place of others, as whoever may write the bucket can. */
export async function replace(objects: ObjectStore, at: string, bytes: Uint8Array | undefined): Promise<void> {
  await objects.deleteObject(at);
  if (bytes !== undefined) await objects.createObject(at, bytes);
}

export async function bytesAt(objects: ObjectStore, at: string): Promise<Buffer> {
  return Buffer.from((await objects.readObject(at, 4 * 1024 * 1024))?.bytes ?? []);
}

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import type { SignedRelease } from '../../../lib/cluster/render/signature-config-maps.ts';
import { MAX_SLOT_BYTES, MAX_SLOTS, SLOT_NAMES, toSignatureSlots } from '../../../lib/cluster/sync/signature-slots.ts';
import { FIELD_MANAGER, type SlotObjects } from '../../../lib/cluster/sync/slot-objects.ts';
import { syncSignatures } from '../../../lib/cluster/sync/sync-signatures.ts';
import { createMemorySlots } from './memory-slots.ts';

/** Releases of so many signatures of 40 KiB, so that a few fill a slot. */
function many(count: number, bytes: number = 40 * 1024): readonly SignedRelease[] {
  return Array.from({ length: count }, (_, index) => {
    const hex = createHash('sha256').update(String(index)).digest('hex');
    return {
      digest: parseDigest(`sha256:${hex}`),
      version: undefined,
      signatures: [new Uint8Array(bytes).fill(index)],
    };
  });
}

const numberOf = (name: string): number => Number(name.slice('signet-synced-signatures-'.length));

describe('slots', () => {
  test('have names of their own, none of which is another’s', () => {
    expect(SLOT_NAMES).toHaveLength(MAX_SLOTS);
    expect(SLOT_NAMES.every((name) => /^signet-synced-signatures-[1-9][0-9]?$/.test(name))).toBe(true);
  });

  test('hold at most what an API server takes, and every signature once', () => {
    const slots = toSignatureSlots(many(120));
    const keys = slots.flatMap(({ binaryData }) => Object.keys(binaryData));
    expect([new Set(keys).size, keys.length]).toEqual([120, 120]);
    expect(slots.length).toBeGreaterThan(4);
    for (const slot of slots) expect(Buffer.byteLength(JSON.stringify(slot))).toBeLessThanOrEqual(MAX_SLOT_BYTES);
  });

  test('are refused where there are more signatures than they hold', () => {
    expect(() => toSignatureSlots(many(400))).toThrow(/do not fit into 16 ConfigMaps: choose .* with --minor/);
  });
});

describe('a sync', () => {
  /** Which digests the cluster has, after each write. */
  function watch(slots: SlotObjects & { readonly stored: ReadonlyMap<string, { readonly binaryData: object }> }) {
    const seen: ReadonlySet<string>[] = [];
    const look = <T>(result: T): T => {
      seen.push(new Set([...slots.stored.values()].flatMap(({ binaryData }) => Object.keys(binaryData))));
      return result;
    };
    const watched: SlotObjects = {
      read: (name) => slots.read(name),
      apply: async (document) => look(await slots.apply(document)),
      remove: async (name, slot) => look(await slots.remove(name, slot)),
    };
    return { watched, seen };
  }

  test.each([
    ['grows', 10, 100],
    ['shrinks', 100, 10],
  ])('that %s never lacks a signature that was there and stays', async (_, from, to) => {
    const slots = createMemorySlots();
    await syncSignatures(many(from), slots);
    const { watched, seen } = watch(slots);
    await syncSignatures(many(to), watched);
    const stays = many(Math.min(from, to)).map(({ digest }) => `${digest.replace(':', '-')}-1`);
    expect(seen.length).toBeGreaterThan(1);
    for (const held of seen) expect(stays.filter((key) => !held.has(key))).toEqual([]);
    expect(seen.at(-1)?.size).toBe(to);
  });

  test('writes from the last slot to the first', async () => {
    const slots = createMemorySlots();
    await syncSignatures(many(100), slots);
    const order = slots.writes.map((write) => numberOf(write.replace('apply ', '')));
    expect(order).toEqual(order.toSorted((left, right) => right - left));
  });

  test('again writes nothing new', async () => {
    const slots = createMemorySlots();
    await syncSignatures(many(30), slots);
    const before = [...slots.stored].map(([name, { resourceVersion }]) => [name, resourceVersion]);
    const results = await syncSignatures(many(30), slots);
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['unchanged']));
    expect([...slots.stored].map(([name, { resourceVersion }]) => [name, resourceVersion])).toEqual(before);
  });

  test.each(['failed', 'conflict'] as const)(
    'of which one write is %s does the others and removes nothing',
    async (how) => {
      const full = createMemorySlots();
      await syncSignatures(many(100), full);
      const slots = createMemorySlots({ [SLOT_NAMES[0] ?? '']: how });
      for (const [name, slot] of full.stored) slots.stored.set(name, slot);
      const results = await syncSignatures(many(40), slots);
      expect(results.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining([how, 'changed', 'kept']));
      expect(slots.writes.filter((write) => write.startsWith('remove'))).toEqual([]);
      expect([...slots.stored.keys()]).toEqual([...full.stored.keys()]);
    },
  );

  test('of nothing is a fault, and reaches no cluster', async () => {
    const slots = createMemorySlots();
    await expect(syncSignatures([], slots)).rejects.toThrow('a sync would remove every signature');
    expect(slots.writes).toEqual([]);
  });

  test.each<
    [string, Partial<{ binaryData: Readonly<Record<string, string>>; labels: Readonly<Record<string, string>> }>]
  >([
    ['a signature', { binaryData: { x: 'AAAA' } }],
    ['the label', { labels: {} }],
  ])('does not call written what a webhook of the cluster took %s of', async (_, altered) => {
    const slots = createMemorySlots();
    const results = await syncSignatures(many(1), {
      ...slots,
      async apply(document) {
        const applied = await slots.apply(document);
        return applied.kind === 'stored' ? { kind: 'stored', slot: { ...applied.slot, ...altered } } : applied;
      },
    });
    expect(results).toEqual([
      expect.objectContaining({ outcome: 'failed', message: expect.stringContaining('as it was applied') as unknown }),
    ]);
  });

  test('does not remove what was changed since it was read', async () => {
    const slots = createMemorySlots();
    const name = SLOT_NAMES[8] ?? '';
    slots.stored.set(name, { uid: 'a', resourceVersion: '1', labels: {}, binaryData: {}, managers: [FIELD_MANAGER] });
    const results = await syncSignatures(many(1), { ...slots, remove: () => Promise.resolve(false) });
    expect(results.at(-1)).toMatchObject({ name, outcome: 'failed', message: 'it was changed meanwhile: run again' });
  });
});

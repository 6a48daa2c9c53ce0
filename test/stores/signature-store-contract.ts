import { describe, expect, test } from 'vitest';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest } from '../../lib/base/names/digest.ts';
import { parseRepository } from '../../lib/base/names/reference.ts';
import { MAX_SIGNATURE_BYTES, type SignatureStore, type StoreEntry } from '../../lib/stores/port/signature-store.ts';
import type { SignatureContents } from '../support/memory-signature-store.ts';

export const DIGEST = parseDigest(`sha256:${'a1'.repeat(32)}`);
export const OTHER_DIGEST = parseDigest(`sha256:${'b2'.repeat(32)}`);
export const LONG_DIGEST = parseDigest(`sha512:${'c3'.repeat(64)}`);
export const REPOSITORY = parseRepository('quay.io/openshift-release-dev/ocp-release');

export interface StoreUnderTest {
  readonly store: SignatureStore;
  /** What was asked of the outside so far: URLs, keys or locations; undefined where nothing is contacted. */
  readonly contacts?: (() => readonly string[]) | undefined;
  close?(): Promise<void>;
}

export interface StoreKind {
  readonly name: string;
  /** Signatures of one digest that the store reads at most. */
  readonly capacity: number;
  create(contents: SignatureContents): Promise<StoreUnderTest>;
  /** The same store when it does not answer as it should; undefined for one that cannot break. */
  createBroken?(): Promise<StoreUnderTest>;
}

export function signatureOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(`\xa3${text}`, 'latin1'));
}

/** All entries of one reading. */
export async function readEntries(
  store: SignatureStore,
  digest: Digest = DIGEST,
  signal: AbortSignal = new AbortController().signal,
): Promise<StoreEntry[]> {
  const entries: StoreEntry[] = [];
  for await (const entry of store.fetchSignatures({ digest, repository: REPOSITORY }, signal)) entries.push(entry);
  return entries;
}

export function summarise(entries: readonly StoreEntry[]): string[] {
  return entries.map((entry) => {
    if (entry.kind === 'signature') return Buffer.from(entry.untrustedBytes.subarray(1)).toString();
    return entry.kind === 'failed' ? entry.error.code : 'absent';
  });
}

/** The first entry of a reading that stops there. */
export async function readFirst(store: SignatureStore): Promise<StoreEntry | undefined> {
  const signal = new AbortController().signal;
  for await (const entry of store.fetchSignatures({ digest: DIGEST, repository: REPOSITORY }, signal)) return entry;
  return undefined;
}

async function withStore(
  underTest: Promise<StoreUnderTest> | undefined,
  check: (underTest: StoreUnderTest) => Promise<void>,
): Promise<void> {
  const opened = await underTest;
  if (opened === undefined) return;
  try {
    await check(opened);
  } finally {
    await opened.close?.();
  }
}

/** What every signature store holds to. */
export function describeSignatureStore(kind: StoreKind): void {
  const contents: SignatureContents = new Map([
    [DIGEST, [signatureOf('one'), signatureOf('two'), signatureOf('three')]],
    [OTHER_DIGEST, [signatureOf('other')]],
    [LONG_DIGEST, [signatureOf('long')]],
  ]);

  describe(`signature store contract: ${kind.name}`, () => {
    test('yields signatures in order, then absent', async () => {
      await withStore(kind.create(contents), async ({ store }) => {
        const entries = await readEntries(store);
        expect(summarise(entries)).toEqual(['one', 'two', 'three', 'absent']);
        for (const entry of entries) {
          expect(entry.store).not.toBe('');
          expect(entry.location).not.toBe('');
        }
      });
    });

    test('answers the same when asked again', async () => {
      await withStore(kind.create(contents), async ({ store }) => {
        expect(summarise(await readEntries(store))).toEqual(summarise(await readEntries(store)));
      });
    });

    test('reads sha512 digests', async () => {
      await withStore(kind.create(contents), async ({ store }) => {
        expect(summarise(await readEntries(store, LONG_DIGEST))).toEqual(['long', 'absent']);
      });
    });

    test('an unknown digest is absent, not failed', async () => {
      await withStore(kind.create(new Map([[OTHER_DIGEST, [signatureOf('other')]]])), async ({ store }) => {
        expect(summarise(await readEntries(store))).toEqual(['absent']);
      });
    });

    test('a broken store is failed, not absent', async () => {
      await withStore(kind.createBroken?.(), async ({ store }) => {
        const entries = await readEntries(store);
        expect(entries.some((entry) => entry.kind === 'failed')).toBe(true);
        expect(entries.some((entry) => entry.kind !== 'failed')).toBe(false);
      });
    });

    test('touches nothing of another digest', async () => {
      await withStore(kind.create(contents), async ({ store, contacts }) => {
        const entries = await readEntries(store);
        const places = [...entries.map(({ location }) => location), ...(contacts?.() ?? [])];
        expect(places.filter((place) => place.includes('b2b2'))).toEqual([]);
      });
    });

    test('an early stop makes no further contact', async () => {
      await withStore(kind.create(contents), async ({ store, contacts }) => {
        expect((await readFirst(store))?.kind).toBe('signature');
        expect(contacts?.().length ?? 1).toBe(1);
      });
    });

    test('makes no contact before it is read', async () => {
      await withStore(kind.create(contents), async ({ store, contacts }) => {
        store.fetchSignatures({ digest: DIGEST, repository: REPOSITORY }, new AbortController().signal);
        expect(contacts?.() ?? []).toEqual([]);
      });
    });

    test('rejects with the reason of a signal that has aborted, without contact', async () => {
      await withStore(kind.create(contents), async ({ store, contacts }) => {
        const reason = new Error('stopped before');
        await expect(readEntries(store, DIGEST, AbortSignal.abort(reason))).rejects.toBe(reason);
        expect(contacts?.() ?? []).toEqual([]);
      });
    });

    test('rejects with the reason of a signal that aborts on the way', async () => {
      await withStore(kind.create(contents), async ({ store }) => {
        const controller = new AbortController();
        // Not even this kind of reason is taken for a fault of the store.
        const reason = new StoreError('TimedOut', 'stopped on the way');
        const entries = store.fetchSignatures({ digest: DIGEST, repository: REPOSITORY }, controller.signal);
        const iterator = entries[Symbol.asyncIterator]();
        expect((await iterator.next()).done).toBe(false);
        controller.abort(reason);
        await expect(iterator.next()).rejects.toBe(reason);
      });
    });

    test('a signature of exactly the limit is read, a longer one is LimitExceeded and passed over', async () => {
      const full = new Uint8Array(MAX_SIGNATURE_BYTES).fill(0xa3);
      const over = new Uint8Array(MAX_SIGNATURE_BYTES + 1).fill(0xa3);
      await withStore(kind.create(new Map([[DIGEST, [full, over, signatureOf('next')]]])), async ({ store }) => {
        const entries = await readEntries(store);
        expect(entries.map((entry) => entry.kind)).toEqual(['signature', 'failed', 'signature', 'absent']);
        expect(summarise(entries).slice(1)).toEqual(['LimitExceeded', 'next', 'absent']);
      });
    });

    test('reads no more signatures than its limit', async () => {
      const many = Array.from({ length: kind.capacity + 2 }, (_, index) => signatureOf(`${index}`));
      await withStore(kind.create(new Map([[DIGEST, many]])), async ({ store }) => {
        const signatures = (await readEntries(store)).filter((entry) => entry.kind === 'signature');
        expect(signatures.length).toBe(kind.capacity);
      });
    });
  });
}

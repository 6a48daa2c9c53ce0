import { type Digest, parseDigest, toStoreSegment } from '../../../lib/base/names/digest.ts';
import { auditDigest, type DigestAudit, type DigestAuditRequest } from '../../../lib/mirror/audit/audit-digest.ts';
import { MAX_AUDITED_BYTES } from '../../../lib/mirror/audit/audit-slots.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { MAX_SIGNATURE_BYTES } from '../../../lib/stores/port/signature-store.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { compressedBody, indeterminatePacket, PACKET } from '../../fixtures/make/packet-writer.ts';
import { toDigest, toSeconds } from '../../fixtures/make/payload.ts';
import { FIXTURE_TIME, readFixtureTrust } from '../../support/fixture-releases.ts';
import { makeSigner, type Signer } from '../../support/make-signer.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { openMessage, reframeMessage } from '../../support/reframe-message.ts';

export const DIGEST = parseDigest(toDigest('audited'));
export const JUNK = Buffer.from('junk');

const fixture = await readFixtureTrust();
export const signerA = await makeSigner('a');
export const signerB = await makeSigner('b');
export const stranger = await makeSigner('stranger');
export const revoked = await makeSigner('revoked', { revocation: { revokedAt: toSeconds('2025-06-01'), reason: 0 } });

/** The trust of a profile with these signers' keyrings. */
export function trustOf(signers: readonly Signer[], change: Partial<PreparedTrust> = {}): ReadyTrust {
  const keyrings = signers.map(({ keyring }) => keyring);
  return toReadyTrust({ ...fixture.prepared, keyrings, ...change }, FIXTURE_TIME);
}

/** `ocp`, with a revoked key beside two good ones. */
export const trust = trustOf([signerA, signerB, revoked]);

const a = signerA.sign(DIGEST);

/** What a letter of a layout stands for. `.` is an empty place. */
const LETTERS: Readonly<Record<string, Uint8Array>> = {
  a,
  b: signerB.sign(DIGEST),
  c: signerA.sign(DIGEST),
  d: signerA.sign(DIGEST),
  e: signerB.sign(DIGEST),
  f: signerB.sign(DIGEST),
  g: signerA.sign(DIGEST),
  h: signerA.sign(DIGEST),
  i: signerB.sign(DIGEST),
  // In another framing: the same signature.
  A: reframeMessage(a, 1),
  // Compression algorithm 0: Signet reads it, clusters do not.
  n: indeterminatePacket(PACKET.compressed, compressedBody(0, openMessage(a))),
  r: revoked.sign(DIGEST),
  s: stranger.sign(DIGEST),
  o: signerA.sign(toDigest('another')),
  x: JUNK,
  y: Buffer.from('other junk'),
  z: Buffer.alloc(0),
  l: Buffer.alloc(MAX_SIGNATURE_BYTES + 1, 1),
  m: Buffer.alloc(MAX_AUDITED_BYTES, 2),
  u: Buffer.alloc(MAX_AUDITED_BYTES + 1, 3),
};

export function bytesOf(letter: string): Uint8Array {
  const bytes = LETTERS[letter];
  if (bytes === undefined) throw new Error(`no letter ${letter}`);
  return bytes;
}

export function letterOf(bytes: Uint8Array): string {
  return Object.keys(LETTERS).find((letter) => Buffer.compare(bytesOf(letter), bytes) === 0) ?? '?';
}

export function keyOf(index: number | string, digest: Digest = DIGEST): string {
  return `signatures/${toStoreSegment(digest)}/signature-${index}`;
}

/** The objects of a layout: its first letter at index 1, and so on. */
export function objectsOf(layout: string, digest: Digest = DIGEST): readonly (readonly [string, Uint8Array])[] {
  return Array.from(layout).flatMap((letter, index) =>
    letter === '.' ? [] : [[keyOf(index + 1, digest), bytesOf(letter)] as const],
  );
}

export function holding(layout: string): ObjectStore {
  return createMemoryObjectStore(objectsOf(layout));
}

/** Bytes that are long enough for every object here. */
const EVERYTHING = 10 * MAX_AUDITED_BYTES;

/** The layout that a store holds, without empty places at its end. */
export async function layoutOf(objects: ObjectStore, digest: Digest = DIGEST): Promise<string> {
  const letters = Array.from({ length: 9 }, async (_, index) => {
    const stored = await objects.readObject(keyOf(index + 1, digest), EVERYTHING);
    return stored === undefined ? '.' : letterOf(stored.bytes);
  });
  return (await Promise.all(letters)).join('').replace(/\.+$/, '');
}

/** All keys with their bytes, in base64. */
export async function snapshotOf(objects: ObjectStore): Promise<readonly (readonly [string, string])[]> {
  const listed = await Array.fromAsync(objects.listObjects(''));
  return Promise.all(
    listed.map(async ({ key }) => {
      const bytes = (await objects.readObject(key, EVERYTHING))?.bytes ?? new Uint8Array();
      return [key, Buffer.from(bytes).toString('base64')] as const;
    }),
  );
}

export async function audit(objects: ObjectStore, change: Partial<DigestAuditRequest> = {}): Promise<DigestAudit> {
  const { signal } = new AbortController();
  return auditDigest({ objects, digest: DIGEST, trusts: [trust], now: FIXTURE_TIME, signal, ...change });
}

type Operation = 'read' | 'list' | 'create' | 'replace' | 'delete';

/** Calls `before` each operation, and `after` it, with its kind and key. */
export function watching(
  objects: ObjectStore,
  before: (operation: Operation, key: string) => Promise<void> | void,
  after: (operation: Operation, key: string) => Promise<void> | void = () => undefined,
): ObjectStore {
  const watch = async <Result>(operation: Operation, key: string, act: () => Promise<Result>): Promise<Result> => {
    await before(operation, key);
    const result = await act();
    await after(operation, key);
    return result;
  };
  return {
    description: objects.description,
    readObject: (key, limit) => watch('read', key, () => objects.readObject(key, limit)),
    createObject: (key, bytes) => watch('create', key, () => objects.createObject(key, bytes)),
    replaceObject: (key, bytes, etag) => watch('replace', key, () => objects.replaceObject(key, bytes, etag)),
    deleteObject: (key) => watch('delete', key, () => objects.deleteObject(key)),
    async *listObjects(prefix, start) {
      await before('list', prefix);
      yield* objects.listObjects(prefix, start);
    },
  };
}

/** Reads and lists; a write fails the test. */
export function readOnly(objects: ObjectStore): ObjectStore {
  return watching(objects, (operation, key) => {
    if (operation !== 'read' && operation !== 'list') throw new Error(`${operation} of ${key}`);
  });
}

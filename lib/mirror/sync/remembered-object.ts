import * as v from 'valibot';
import { readSchema, recordOf } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { isUnreadable } from '../../verdict/records/read-records.ts';

/** An object that saves work and that no decision depends on. If it is broken, it counts as missing and is replaced. */
export interface RememberedObject<T> {
  readonly key: string;
  readonly maxBytes: number;
  readonly schema: v.GenericSchema<unknown, T>;
}

/** Why an object cannot be read: it is too long, of a newer version, or not to be opened. */
export type Unreadable = StoreError | ConfigurationError;

/**
 * What is read, or why one object cannot be. Somebody else can have put it there, and what it saves is work alone: who
 * asks goes on without it, and reports it. Nothing can be put in its place before somebody removes it.
 *
 * @throws every other error
 */
export async function unlessUnreadable<T>(
  read: () => Promise<T>,
): Promise<{ readonly value?: T; readonly fault?: Unreadable }> {
  try {
    return { value: await read() };
  } catch (error) {
    if (isUnreadable(error)) return { fault: error };
    throw error;
  }
}

/** Tries of one update: each lost one means that another writer was faster. */
const MAX_TRIES = 8;

/**
 * The remembered value; undefined if there is none, or a broken one.
 *
 * @throws StoreError; ConfigurationError `SchemaUnsupported` for the object of a newer version
 */
export async function readRemembered<T>(objects: ObjectStore, remembered: RememberedObject<T>): Promise<T | undefined> {
  return (await readStored(objects, remembered)).value;
}

/**
 * Replaces the remembered value by what `change` returns, starting from the latest one. Undefined keeps it, and so does a
 * value that would be too long to be read again.
 *
 * @throws StoreError, `ConditionFailed` when others change it each time; ConfigurationError as {@link readRemembered}
 */
export async function updateRemembered<T>(
  objects: ObjectStore,
  remembered: RememberedObject<T>,
  change: (known: T | undefined) => T | undefined,
): Promise<void> {
  const { key, maxBytes } = remembered;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const { value, etag } = await readStored(objects, remembered);
    const next = change(value);
    if (next === undefined) return;
    const bytes = new TextEncoder().encode(`${JSON.stringify(next)}\n`);
    if (bytes.length > maxBytes || (await objects.replaceObject(key, bytes, etag))) return;
  }
  throw new StoreError('ConditionFailed', `${key} keeps changing; retry`);
}

async function readStored<T>(
  objects: ObjectStore,
  { key, maxBytes, schema }: RememberedObject<T>,
): Promise<{ readonly value?: T | undefined; readonly etag?: string | undefined }> {
  const stored = await objects.readObject(key, maxBytes);
  if (stored === undefined) return {};
  const { etag } = stored;
  try {
    return { value: readSchema(schema, key, stored.bytes), etag };
  } catch (error) {
    // A newer version's object is not overwritten: that error is passed on.
    if (error instanceof ConfigurationError && error.code === 'RevisionInvalid') return { etag };
    throw error;
  }
}

/** The digests in a multi-architecture list, by the digest of the list. This is content, which never changes. */
export type KnownChildren = ReadonlyMap<Digest, readonly Digest[]>;

interface StoredChildren {
  readonly schema: 1;
  readonly children: Readonly<Record<string, readonly Digest[]>>;
}

/** One object for all lists, so that a run without a new list reads it and contacts no registry. */
export const CHILDREN_KEY = 'graph/children.json';

const digest = v.custom<Digest>((value) => typeof value === 'string' && isDigest(value));
const list = v.pipe(v.string(), v.check(isDigest));
const CHILDREN: RememberedObject<StoredChildren> = {
  key: CHILDREN_KEY,
  // More lists than there are releases. Beyond this, new lists are read again each time.
  maxBytes: 16 * 1024 * 1024,
  schema: v.strictObject({ schema: v.literal(1), children: recordOf(list, v.array(digest)) }),
};

/** @throws StoreError, ConfigurationError */
export async function readKnownChildren(objects: ObjectStore): Promise<KnownChildren> {
  return toMap(await readRemembered(objects, CHILDREN));
}

/** Adds lists to those that are known, also by other writers. @throws StoreError, ConfigurationError */
export async function rememberChildren(objects: ObjectStore, learned: KnownChildren): Promise<void> {
  await updateRemembered(objects, CHILDREN, (stored): StoredChildren | undefined => {
    const known = toMap(stored);
    if ([...learned.keys()].every((one) => known.has(one))) return undefined;
    const sorted = [...known, ...learned].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return { schema: 1, children: Object.fromEntries(sorted) };
  });
}

function toMap(stored: StoredChildren | undefined): KnownChildren {
  const entries = Object.entries(stored?.children ?? {});
  return new Map(entries.flatMap(([key, digests]) => (isDigest(key) ? [[key, digests] as const] : [])));
}

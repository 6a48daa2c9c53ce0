import type * as v from 'valibot';
import { readSchema } from '../../base/documents/read-schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';

/** An object that saves work and that no decision depends on. If it is broken, it counts as missing and is replaced. */
export interface RememberedObject<T> {
  readonly key: string;
  readonly maxBytes: number;
  readonly schema: v.GenericSchema<unknown, T>;
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

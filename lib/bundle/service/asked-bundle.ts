import { hash } from 'node:crypto';
import * as v from 'valibot';
import { readSchema } from '../../base/documents/read-schema.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { type BundleQuestion, type BundleState, requestedShape } from './bundle-state.ts';

/** The bundle that the last one who asked the same question was given. */
export interface AskedBundle {
  readonly request: Omit<BundleState & { readonly state: 'queued' }, 'state'>;
  readonly etag: string;
}

const MAX_ASKED_BYTES = 16 * 1024;
const schema: v.GenericSchema<unknown, AskedBundle['request']> = v.strictObject(requestedShape);

/** No id is called so, and so it is no bundle's. */
export function askedBundleKey({ profile, trustRevision, since }: BundleQuestion): string {
  const name = hash('sha256', JSON.stringify([profile, trustRevision, since ?? null]));
  return `bundles/asked/${name}.json`;
}

/** @throws StoreError, ConfigurationError */
export async function readAskedBundle(
  objects: ObjectStore,
  question: BundleQuestion,
): Promise<AskedBundle | undefined> {
  const key = askedBundleKey(question);
  const stored = await objects.readObject(key, MAX_ASKED_BYTES);
  return stored === undefined ? undefined : { request: readSchema(schema, key, stored.bytes), etag: stored.etag };
}

/** @returns false when somebody else asked in between @throws StoreError */
export async function replaceAskedBundle(
  objects: ObjectStore,
  request: AskedBundle['request'],
  etag: string | undefined,
): Promise<boolean> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(request)}\n`);
  return await objects.replaceObject(askedBundleKey(request), bytes, etag);
}

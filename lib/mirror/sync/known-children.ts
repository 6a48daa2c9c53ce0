import * as v from 'valibot';
import { readSchema } from '../../base/documents/read-schema.ts';
import { recordOf } from '../../base/documents/schema.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { parseUnlessBroken } from './parse-unless-broken.ts';

/** Digests of the manifests in a multi-architecture list, by the digest of the list: content, which never changes. */
export type KnownChildren = ReadonlyMap<Digest, readonly Digest[]>;

interface StoredChildren {
  readonly children: KnownChildren;
  readonly etag: string | undefined;
}

/** One object for all, so that a run that finds nothing new reads it and asks no registry. */
export const CHILDREN_KEY = 'graph/children.json';
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_TRIES = 8;

const digest = v.custom<Digest>((value) => typeof value === 'string' && isDigest(value));
const list = v.pipe(v.string(), v.check(isDigest));
const schema = v.strictObject({ schema: v.literal(1), children: recordOf(list, v.array(digest)) });

/** @throws StoreError, ConfigurationError */
export async function readKnownChildren(objects: ObjectStore): Promise<KnownChildren> {
  return (await readStored(objects)).children;
}

/** Adds what was learned to what others have learned meanwhile. @throws StoreError, ConfigurationError */
export async function rememberChildren(objects: ObjectStore, learned: KnownChildren): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const stored = await readStored(objects);
    if ([...learned.keys()].every((one) => stored.children.has(one))) return;
    const all = new Map([...stored.children, ...learned]);
    const sorted = [...all.entries()].toSorted(([one], [other]) => (one < other ? -1 : 1));
    const text = JSON.stringify({ schema: 1, children: Object.fromEntries(sorted) });
    const bytes = new TextEncoder().encode(`${text}\n`);
    // More lists than there are releases: they are asked about again each time.
    if (bytes.length > MAX_BYTES) return;
    if (await objects.replaceObject(CHILDREN_KEY, bytes, stored.etag)) return;
  }
  throw new StoreError('ConditionFailed', `${CHILDREN_KEY} keeps changing; retry`);
}

async function readStored(objects: ObjectStore): Promise<StoredChildren> {
  const stored = await objects.readObject(CHILDREN_KEY, MAX_BYTES);
  if (stored === undefined) return { children: new Map(), etag: undefined };
  const parsed = parseUnlessBroken(() => readSchema(schema, CHILDREN_KEY, stored.bytes));
  const children = parsed?.children ?? {};
  const known = Object.entries(children).flatMap(([key, digests]) => (isDigest(key) ? [[key, digests] as const] : []));
  return { children: new Map(known), etag: stored.etag };
}

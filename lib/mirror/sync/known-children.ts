import * as v from 'valibot';
import { recordOf } from '../../base/documents/schema.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { type RememberedObject, readRemembered, updateRemembered } from './remembered-object.ts';

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

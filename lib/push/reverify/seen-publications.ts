import { hash } from 'node:crypto';
import * as v from 'valibot';
import { readSchema, recordOf } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore, StoredObject } from '../../platform/objects/port/object-store.ts';
import { listPublications, MAX_PAGE_PUBLICATIONS } from '../../trust/publish/publications.ts';
import { isUnreadable } from '../../verdict/records/read-records.ts';

/**
 * What was published of each profile, as a mark of the newest notes. Beside the state of the sweep and not in it: earlier
 * versions refuse a state with more members, and they pass by an object that they do not know.
 */
interface SeenPublications {
  readonly schema: 1;
  readonly published: Readonly<Record<string, string>>;
}

export interface Publications {
  /** Profiles of which something was published since it was noted last, even if the same trust is current again. */
  readonly republished: readonly string[];
  /** Notes what was found; one that another run came before is found again by the next. @throws StoreError */
  readonly note: () => Promise<void>;
  /** Nobody can read what was noted: nothing counts as published, so that the sweep goes on by revisions alone. */
  readonly fault?: StoreError | ConfigurationError | undefined;
}

const KEY = 'reverify/publications.json';
const MAX_BYTES = 64 * 1024;
/** Of a profile of which no publication was ever noted. */
const NONE = '';

const schema: v.GenericSchema<unknown, SeenPublications> = v.strictObject({
  schema: v.literal(1),
  published: recordOf(v.string(), v.string()),
});

/**
 * Between two runs trust may be published and taken back, and what it accepted meanwhile is in no revision that a run sees.
 * All notes of a page count, not the newest alone, which a publisher whose clock is behind does not write.
 *
 * @param profiles those whose trust can be read
 * @throws StoreError
 */
export async function findPublications(objects: ObjectStore, profiles: readonly string[]): Promise<Publications> {
  const stored = await readSeen(objects);
  if (stored instanceof Error) return { republished: [], note: () => Promise.resolve(), fault: stored };
  const seen = stored === undefined ? {} : readPublished(stored.bytes);
  const marks = await Promise.all(profiles.map(async (profile) => [profile, await toMark(objects, profile)] as const));
  const fresh = marks.filter(([profile, mark]) => mark !== (seen[profile] ?? NONE));
  return {
    republished: fresh.map(([profile]) => profile),
    note: async () => {
      if (fresh.length === 0) return;
      const next: SeenPublications = { schema: 1, published: { ...seen, ...Object.fromEntries(fresh) } };
      await objects.replaceObject(KEY, new TextEncoder().encode(`${JSON.stringify(next)}\n`), stored?.etag);
    },
  };
}

async function readSeen(objects: ObjectStore): Promise<StoredObject | undefined | StoreError | ConfigurationError> {
  try {
    return await objects.readObject(KEY, MAX_BYTES);
  } catch (error) {
    if (isUnreadable(error)) return error;
    throw error;
  }
}

/** What is no such document says that nothing was seen: everything is swept, and it is replaced. */
function readPublished(bytes: Uint8Array): SeenPublications['published'] {
  try {
    return readSchema(schema, KEY, bytes, 1).published;
  } catch (error) {
    if (error instanceof ConfigurationError) return {};
    throw error;
  }
}

async function toMark(objects: ObjectStore, profile: string): Promise<string> {
  const { publications } = await listPublications(objects, profile, { limit: MAX_PAGE_PUBLICATIONS });
  if (publications.length === 0) return NONE;
  return hash('sha256', publications.map(({ revision, publishedAt }) => `${publishedAt} ${revision}\n`).join(''));
}

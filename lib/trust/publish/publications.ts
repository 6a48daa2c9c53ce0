import type { ObjectStore } from '../../platform/objects/port/object-store.ts';

/** That a revision became the current one. It is for people: `current` alone says which one counts. */
export interface NotedPublication {
  readonly revision: string;
  /** RFC 3339, UTC. */
  readonly publishedAt: string;
}

interface PublicationPage {
  /** Newest first. */
  readonly publications: readonly NotedPublication[];
  /** Name that a listing goes on behind. */
  readonly next?: string | undefined;
}

/** Publications of one page. */
export const MAX_PAGE_PUBLICATIONS = 100;
/** Names that are passed by in one page because they are no publication's. */
const MAX_STRAYS = 1000;
const LAST_MS = 9_999_999_999_999;
const NAME = /^([0-9]{13})-([0-9a-f]{64})$/;

function toPrefix(profile: string): string {
  return `trust/${profile}/published/`;
}

/** Notes a publication in a key that sorts the newest first. @throws StoreError */
export async function notePublication(
  objects: ObjectStore,
  profile: string,
  revision: string,
  at: Date,
): Promise<void> {
  const inverted = String(LAST_MS - at.getTime()).padStart(13, '0');
  await objects.createObject(`${toPrefix(profile)}${inverted}-${revision}`, new Uint8Array());
}

/** One page; it costs one listing, wherever it is. @throws StoreError */
export async function listPublications(
  objects: ObjectStore,
  profile: string,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
): Promise<PublicationPage> {
  const prefix = toPrefix(profile);
  const publications: NotedPublication[] = [];
  let strays = 0;
  let last: string | undefined;
  for await (const { key } of objects.listObjects(prefix, after === undefined ? {} : { after: prefix + after })) {
    if (publications.length === limit || strays === MAX_STRAYS) return { publications, next: last };
    last = key.slice(prefix.length);
    const [, inverted, revision] = NAME.exec(last) ?? [];
    if (revision === undefined) strays += 1;
    else publications.push({ revision, publishedAt: new Date(LAST_MS - Number(inverted)).toISOString() });
  }
  return { publications };
}

import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { toInvertedTime } from '../../verdict/records/verdict-record.ts';
import { type BundleState, readBundleState } from './bundle-state.ts';

/** What lists bundles, the newest first: an empty object for each, named by the time of its request and its id. */
export const BUNDLE_LIST_PREFIX = 'bundles/list/';

/** Bundles of one page. */
export const MAX_PAGE_BUNDLES = 50;

const NAME = /^[0-9]{13}-([0-9a-f]{32})$/;

/** A state that cannot be read; it hides no other. */
interface Stray {
  readonly id: string;
  readonly fault: string;
}

export interface BundlePage {
  readonly bundles: readonly (BundleState | Stray)[];
  /** The name that a listing goes on behind. */
  readonly next?: string | undefined;
}

export interface BundleQuery {
  /** From 1 to {@link MAX_PAGE_BUNDLES}. */
  readonly limit: number;
  readonly after: string | undefined;
}

/**
 * Puts a bundle on the list; one that is there stays. It comes before the state: whatever a crash leaves out, every bundle
 * that is made is listed.
 *
 * @throws StoreError
 */
export async function listBundle(
  objects: ObjectStore,
  { id, requestedAt }: Pick<BundleState, 'id' | 'requestedAt'>,
): Promise<void> {
  const key = `${BUNDLE_LIST_PREFIX}${toInvertedTime(Date.parse(requestedAt))}-${id}`;
  await objects.createObject(key, new Uint8Array());
}

/**
 * One page, the newest first; it costs the same wherever it is. A bundle whose state is gone, or was never written, is left
 * out, so that a page may have fewer than its limit.
 *
 * @throws StoreError
 */
export async function listBundles(objects: ObjectStore, { limit, after }: BundleQuery): Promise<BundlePage> {
  const names: string[] = [];
  let isMore = false;
  const start = after === undefined ? {} : { after: `${BUNDLE_LIST_PREFIX}${after}` };
  for await (const { key } of objects.listObjects(BUNDLE_LIST_PREFIX, start)) {
    isMore = names.length === limit;
    if (isMore) break;
    names.push(key.slice(BUNDLE_LIST_PREFIX.length));
  }
  const found = await Promise.all(names.map((name) => readListed(objects, name)));
  const next = isMore ? names.at(-1) : undefined;
  return { bundles: found.filter((one) => one !== undefined), ...(next === undefined ? {} : { next }) };
}

async function readListed(objects: ObjectStore, name: string): Promise<BundleState | Stray | undefined> {
  const id = NAME.exec(name)?.[1];
  if (id === undefined) return undefined;
  try {
    return (await readBundleState(objects, id))?.state;
  } catch (error) {
    const isContent = error instanceof StoreError && ['BodyInvalid', 'LimitExceeded'].includes(error.code);
    if (isContent || error instanceof ConfigurationError) return { id, fault: error.message };
    throw error;
  }
}

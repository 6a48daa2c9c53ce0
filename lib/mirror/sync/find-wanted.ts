import type { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { type GraphPolicy, listDigests, listReleases, type Payload, type Release } from '../graph/list-releases.ts';
import type { UpdateGraph } from '../graph/parse-graph.ts';
import { type ChildrenReader, isMultiArchitecture, readChildren } from '../graph/read-children.ts';
import {
  type KnownChildren,
  readKnownChildren,
  rememberChildren,
  type Unreadable,
  unlessUnreadable,
} from './remembered-object.ts';

export interface WantedRequest {
  readonly graphs: readonly UpdateGraph[];
  readonly policy: GraphPolicy;
  /** Further digests. */
  readonly digests: readonly Digest[];
  readonly objects: ObjectStore;
  /** Undefined: no registry is contacted, and children of lists are left out. */
  readonly reader: ChildrenReader | undefined;
  readonly signal: AbortSignal;
}

/** The digests that a mirror should hold. */
export interface Wanted {
  /** Each once: releases, the children of lists, and further digests. */
  readonly digests: readonly Digest[];
  readonly releases: readonly Release[];
  /** Payloads outside the canonical repository and its aliases: left out. */
  readonly outside: readonly Payload[];
  /** Lists whose children could not be read. They are mirrored, and their children are not. */
  readonly childless: readonly { readonly release: Release; readonly error: StoreError }[];
  /** What is remembered of lists and cannot be read or written: lists are read again each time. */
  readonly unreadable: readonly Unreadable[];
}

const CONCURRENCY = 8;
/** Lists that are read before their children are remembered. */
const BATCH = 64;

/**
 * The digests of update graphs, with the children of multi-architecture lists. Each list is read once and remembered.
 *
 * @throws StoreError of the object store, ConfigurationError; the abort reason of the signal
 */
export async function findWanted(request: WantedRequest): Promise<Wanted> {
  const { graphs, policy, digests, objects, reader, signal } = request;
  const { releases, outside } = listReleases(graphs, policy);
  const lists = releases.filter(isMultiArchitecture);
  const { value: known = NOTHING_KNOWN, fault } =
    lists.length === 0 ? {} : await unlessUnreadable(() => readKnownChildren(objects));
  const unknown = lists.filter(({ digest }) => !known.has(digest));
  const { learned, childless, unreadable } =
    reader === undefined
      ? NOTHING_LEARNED
      : await learnChildren(unknown, fault === undefined ? objects : undefined, reader, signal);
  const children = lists.flatMap(({ digest }) => known.get(digest) ?? learned.get(digest) ?? []);
  return {
    digests: [...new Set([...listDigests(releases), ...children, ...digests])],
    releases,
    outside,
    childless,
    unreadable: fault === undefined ? unreadable : [fault],
  };
}

interface Learned extends Pick<Wanted, 'childless' | 'unreadable'> {
  readonly learned: KnownChildren;
}

const NOTHING_KNOWN: KnownChildren = new Map();
const NOTHING_LEARNED: Learned = { learned: new Map(), childless: [], unreadable: [] };

/** @param objects where it is remembered; undefined where nothing can be */
async function learnChildren(
  lists: readonly Release[],
  objects: ObjectStore | undefined,
  reader: ChildrenReader,
  signal: AbortSignal,
): Promise<Learned> {
  const learned = new Map<Digest, readonly Digest[]>();
  const childless: Wanted['childless'][number][] = [];
  const unreadable: Unreadable[] = [];
  for (let start = 0; start < lists.length; start += BATCH) {
    const some = lists.slice(start, start + BATCH);
    const read = await readChildren(some, { reader, concurrency: CONCURRENCY, signal });
    const batch = new Map([...read.children].map(([list, all]) => [list, all.map(({ digest }) => digest)] as const));
    // Remembered at once, so that a run that is cut off loses nothing.
    if (objects !== undefined && unreadable.length === 0 && batch.size > 0) {
      const { fault } = await unlessUnreadable(() => rememberChildren(objects, batch));
      if (fault !== undefined) unreadable.push(fault);
    }
    for (const [list, all] of batch) learned.set(list, all);
    childless.push(...read.failures);
  }
  return { learned, childless, unreadable };
}

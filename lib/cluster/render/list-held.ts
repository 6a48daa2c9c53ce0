import { type Digest, isDigest, toStoreSegment } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Attempt } from '../../verdict/judge/verdict.ts';

/** What is read of an object store. */
export type SignatureObjects = Pick<ObjectStore, 'description' | 'listObjects' | 'readObject'>;

/** A signature that no keyring verifies, or that clusters cannot read, with the attempt of each keyring. */
export interface LeftOutSignature {
  readonly location: string;
  readonly attempts: readonly Attempt[];
  /** It was not read at all. */
  readonly isIrregular?: true;
}

export interface HeldQuery {
  readonly objects: SignatureObjects;
  /** Only these digests; all if undefined. */
  readonly digests?: readonly Digest[] | undefined;
  /** A link, a pipe or a device is left out and named; by default it fails the call, as all that cannot be read. */
  readonly leaveOutIrregular?: boolean | undefined;
  readonly signal: AbortSignal;
}

const PREFIX = 'signatures/';
/** Names of signatures that clusters read; any other is ignored. */
const NAME = /^signature-([1-9])$/;
/** The prefix of a digest's signatures. */
export function toHeldPrefix(digest: Digest): string {
  return `signatures/${toStoreSegment(digest)}/`;
}

interface HeldIndexes {
  /** The indexes of signatures by digest. */
  readonly held: ReadonlyMap<Digest, readonly number[]>;
  readonly irregular: readonly LeftOutSignature[];
}

/** Lists the indexes of signatures by digest. Audits report other names. @throws StoreError */
export async function listHeld({
  objects,
  digests,
  leaveOutIrregular = false,
  signal,
}: HeldQuery): Promise<HeldIndexes> {
  const prefixes = digests === undefined ? [PREFIX] : [...new Set(digests)].map(toHeldPrefix);
  const held = new Map<Digest, number[]>();
  const irregular: LeftOutSignature[] = [];
  for (const prefix of prefixes) {
    for await (const { key, isIrregular } of objects.listObjects(prefix)) {
      signal.throwIfAborted();
      if (isIrregular === true && leaveOutIrregular) {
        irregular.push(toIrregular(objects, key));
        continue;
      }
      const [segment = '', name = '', ...more] = key.slice(PREFIX.length).split('/');
      const digest = segment.replace('=', ':');
      const index = NAME.exec(name)?.[1];
      if (index === undefined || more.length > 0 || !segment.includes('=') || !isDigest(digest)) continue;
      held.set(digest, [...(held.get(digest) ?? []), Number(index)]);
    }
  }
  return { held, irregular };
}

function toIrregular(objects: SignatureObjects, key: string): LeftOutSignature {
  const location = `${objects.description}/${key}`;
  const message = 'it is a link, a pipe or a device, and nothing was read of it';
  return {
    location,
    attempts: [{ store: objects.description, location, code: 'StoreUnavailable', message }],
    isIrregular: true,
  };
}

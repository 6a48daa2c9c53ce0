import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, isDigest } from '../../../lib/base/names/digest.ts';
import type { Repository } from '../../../lib/base/names/reference.ts';
import type { AttachmentDestination } from '../../../lib/mirror/sigstore/update-tag.ts';
import type { Manifest } from '../../../lib/registry/client/registry-client.ts';
import type { RegistryPusher } from '../../../lib/registry/client/registry-pusher.ts';

/**
 * `conditional`: gives entity tags, and writes a tag on a condition. `plain`: as distribution, which ignores conditions.
 * `refusing`: refuses every conditional write, whatever the tag names.
 */
export type Conditions = 'conditional' | 'plain' | 'refusing';

export interface MemoryRegistry extends AttachmentDestination {
  put(place: Repository, tag: string, manifest: Manifest, blobs?: readonly Uint8Array[]): void;
  at(place: Repository, reference: string): Manifest | undefined;
  drop(digest: Digest): void;
}

/** A registry without the referrers API, as large as memory. */
export function createMemoryRegistry(conditions: Conditions, toDigest: (bytes: Uint8Array) => Digest): MemoryRegistry {
  const manifests = new Map<string, Manifest>();
  const blobs = new Map<Digest, Uint8Array>();
  const nameOf = (place: Repository, reference: string): string => `${place} ${reference}`;
  const etagOf = ({ digest }: Manifest): string => `"${digest}"`;
  const at = (place: Repository, reference: string): Manifest | undefined => manifests.get(nameOf(place, reference));

  const pushManifest: RegistryPusher['pushManifest'] = async (place, manifest, { tag, condition }) => {
    const name = nameOf(place, tag ?? manifest.digest);
    const current = manifests.get(name);
    const isMet =
      condition === undefined ||
      (condition.kind === 'absent'
        ? current === undefined
        : current !== undefined && condition.etag === etagOf(current));
    const isRefused = conditions === 'refusing' ? condition !== undefined : conditions === 'conditional' && !isMet;
    if (isRefused) throw new StoreError('ConditionFailed', `${name} was written meanwhile`);
    manifests.set(name, manifest);
    return { isListed: false };
  };

  return {
    at,
    put(place, tag, manifest, own = []) {
      manifests.set(nameOf(place, tag), manifest);
      for (const bytes of own) blobs.set(toDigest(bytes), bytes);
    },
    drop: (digest) => void blobs.delete(digest),
    reader: {
      async readManifest(place, reference) {
        const found = at(place, reference);
        if (found === undefined) throw new StoreError('NotFound', `no ${reference}`);
        const { bytes, digest, mediaType } = found;
        return { bytes, digest, mediaType, ...(conditions === 'plain' ? {} : { etag: etagOf(found) }) };
      },
      async readBlob(_place, digest) {
        const found = blobs.get(digest);
        if (found === undefined) throw new StoreError('NotFound', `no ${digest}`);
        return found;
      },
      listReferrers: () => Promise.resolve(undefined),
    },
    pusher: {
      async pushBlob(_place, { digest, bytes }) {
        blobs.set(digest, bytes);
        return true;
      },
      pushManifest,
    },
  };
}

/**
 * Runs writers over a registry one step at a time. A step is what they do with a tag; `choose` says who is next.
 *
 * @param choose the index among those that wait
 */
export async function runInterleaved(
  registry: AttachmentDestination,
  writers: readonly ((destination: AttachmentDestination) => Promise<unknown>)[],
  choose: (waiting: number) => number,
): Promise<void> {
  const waiting = new Map<number, () => void>();
  let wake = (): void => undefined;
  let finished = 0;
  const gate = (writer: number): AttachmentDestination => {
    const turn = async (): Promise<void> => {
      await new Promise<void>((resolve) => {
        waiting.set(writer, resolve);
        wake();
      });
    };
    const { reader, pusher } = registry;
    return {
      reader: {
        ...reader,
        async readManifest(...given) {
          if (!isDigest(given[1])) await turn();
          return await reader.readManifest(...given);
        },
      },
      pusher: {
        ...pusher,
        async pushManifest(...given) {
          if (given[2].tag !== undefined) await turn();
          return await pusher.pushManifest(...given);
        },
      },
    };
  };
  const running = writers.map(async (writer, index) => {
    await writer(gate(index));
    finished += 1;
    wake();
  });
  while (finished < writers.length) {
    while (waiting.size + finished < writers.length) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const ready = [...waiting.keys()].toSorted((one, other) => one - other);
    const next = ready[choose(ready.length)];
    if (next === undefined) break;
    const go = waiting.get(next);
    waiting.delete(next);
    go?.();
  }
  await Promise.all(running);
}

/** Every way in which choices can fall, depth first. @returns how many there were */
export async function forEveryChoice(run: (choose: (waiting: number) => number) => Promise<void>): Promise<number> {
  let prefix: number[] = [];
  for (let count = 1; ; count += 1) {
    const taken: { readonly chosen: number; readonly of: number }[] = [];
    await run((of) => {
      const chosen = prefix[taken.length] ?? 0;
      taken.push({ chosen, of });
      return chosen;
    });
    const last = taken.findLastIndex(({ chosen, of }) => chosen + 1 < of);
    if (last < 0) return count;
    prefix = [...taken.slice(0, last).map(({ chosen }) => chosen), (taken[last]?.chosen ?? 0) + 1];
  }
}

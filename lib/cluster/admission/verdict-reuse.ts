import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import {
  isReusable,
  parseReusableVerdict,
  type ReusableVerdict,
  type ReuseKey,
  toReuseName,
} from './reusable-verdict.ts';

/** Verdicts of the last hour, for clusters that ask the same again. */
export interface VerdictReuse {
  /** Undefined when it has to be decided anew, also because what was kept cannot be read. */
  find(key: ReuseKey, now: Date): Promise<ReusableVerdict | undefined>;
  /** Keeps it for whoever asks next; that it could not be kept costs the next one a decision. */
  keep(verdict: ReusableVerdict): Promise<void>;
}

/** Bytes of one kept verdict. */
const MAX_BYTES = 8 * 1024;
/** Verdicts that a process remembers; forgetting one costs a read. */
const MAX_REMEMBERED = 10_000;

/** Kept at `admission/<profile>/<name>.json`, where this function alone writes, and in the process before that. */
export function createVerdictReuse(objects: ObjectStore): VerdictReuse {
  const remembered = new Map<string, ReusableVerdict>();
  const remember = (name: string, verdict: ReusableVerdict): void => {
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(name, verdict);
  };
  return {
    async find(key, now) {
      const name = toReuseName(key);
      const known = remembered.get(name);
      if (known !== undefined && isReusable(known, key, now)) return known;
      const stored = await unlessBroken(objects.readObject(toObjectKey(key, name), MAX_BYTES));
      const verdict = stored === undefined ? undefined : parseReusableVerdict(stored.bytes);
      if (verdict === undefined || !isReusable(verdict, key, now)) return undefined;
      remember(name, verdict);
      return verdict;
    },
    async keep(verdict) {
      const name = toReuseName(verdict);
      remember(name, verdict);
      const key = toObjectKey(verdict, name);
      const bytes = new TextEncoder().encode(`${JSON.stringify(verdict)}\n`);
      const write = async (): Promise<boolean> => {
        if (await objects.createObject(key, bytes)) return true;
        const stored = await objects.readObject(key, MAX_BYTES);
        // Whoever came first has kept one as good.
        return await objects.replaceObject(key, bytes, stored?.etag);
      };
      await unlessBroken(write());
    },
  };
}

function toObjectKey({ profile }: ReuseKey, name: string): string {
  return `admission/${profile}/${name}.json`;
}

async function unlessBroken<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

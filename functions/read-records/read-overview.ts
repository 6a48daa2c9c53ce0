import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { readCoverage } from '../../lib/mirror/sync/coverage.ts';
import { readTransition } from '../../lib/mirror/sync/transition-summary.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import type { DeadLetterQueue } from '../../lib/platform/queues/dead-letter-queue.ts';
import { toKeyDays } from '../../lib/push/reverify/read-trusts.ts';
import { isStale } from '../../lib/trust/prepared/profiles.ts';
import { type TrustSource, toTrustSummary } from '../../lib/trust/source/trust-source.ts';
import { countDecisions } from './count-decisions.ts';

/** A queue of the deployment, and its dead letters. */
export interface WatchedQueue {
  readonly name: 'push' | 'mirror' | 'export' | 'notify';
  /** Opened when it is looked at. */
  readonly open: () => Promise<{
    readonly queue: Pick<DeadLetterQueue, 'countLetters'>;
    readonly dead: Pick<DeadLetterQueue, 'countLetters' | 'readLetters'>;
  }>;
}

export interface OverviewDependencies {
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  readonly queues: readonly WatchedQueue[];
  readonly now: () => Date;
}

/** What the overview says. */
export type Overview = Awaited<ReturnType<typeof readOverview>>;

/** Days that decisions are counted for, and at most. */
const DAYS = 14;
const MAX_DAYS = 90;
/** Dead letters of a queue that are shown. */
const MAX_LETTERS = 10;
/** Characters of a reason. */
const MAX_REASON = 500;
/** Seconds for which a letter that is looked at is hidden from others, should this process die. */
const HIDE_SECONDS = 10;

/** @throws InputError `ArgumentInvalid`, which names the parameter */
export function parseDays(parameters: Readonly<Record<string, string | undefined>>): number {
  const { days = String(DAYS), ...unknown } = parameters;
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw new InputError('ArgumentInvalid', `unknown parameter ${JSON.stringify(name)}; expected days`);
  }
  const count = /^[0-9]{1,3}$/.test(days) ? Number(days) : 0;
  if (count >= 1 && count <= MAX_DAYS) return count;
  throw new InputError('ArgumentInvalid', `days: ${JSON.stringify(days)} is not a number from 1 to ${MAX_DAYS}`);
}

/**
 * Trust, decisions, queues and mirror at one look. What cannot be read is said in its place, and hides nothing else.
 *
 * @param maxLetters dead letters of a queue to show; reading one hides it from others for a moment
 */
export async function readOverview(dependencies: OverviewDependencies, days: number, maxLetters: number = MAX_LETTERS) {
  const { trust, objects, queues, now } = dependencies;
  const at = now();
  const [profiles, decisions, watched, mirror, readiness] = await Promise.all([
    Promise.all(trust.profiles.map((profile) => readProfile(trust, profile, at))),
    orFault(() => countDecisions(objects, days, at)),
    Promise.all(
      queues.map(async (queue) => ({ name: queue.name, ...(await orFault(() => readQueue(queue, at, maxLetters))) })),
    ),
    readEach(trust.profiles, (profile) => readCoverage(objects, profile)),
    readEach(trust.profiles, (profile) => readTransition(objects, profile)),
  ]);
  return { schema: 1, at: at.toISOString(), profiles, decisions, queues: watched, mirror, readiness } as const;
}

/** The reason for a profile without trust is in the log of what refused it. */
async function readProfile(trust: TrustSource, profile: string, now: Date) {
  const ready = await trust.read(profile).catch(() => undefined);
  if (ready === undefined) return { profile, state: 'unreadable' } as const;
  const { revision, mode, keyrings, refreshedAt } = toTrustSummary(ready);
  const keyExpiresInDays = toKeyDays([ready], now);
  return {
    profile,
    state: isStale(ready, now) ? 'stale' : 'ready',
    revision,
    mode,
    refreshedAt,
    ageSeconds: Math.max(0, Math.floor((now.getTime() - Date.parse(refreshedAt)) / 1000)),
    ...(keyExpiresInDays === undefined ? {} : { keyExpiresInDays }),
    keyrings,
  } as const;
}

async function readQueue({ open }: WatchedQueue, now: Date, maxLetters: number) {
  const { queue, dead } = await open();
  const [waiting, count] = await Promise.all([queue.countLetters(), dead.countLetters()]);
  if (count === 0 || maxLetters === 0) return { waiting, deadLetters: { count, latest: [] } };
  const letters = [];
  for await (const batch of dead.readLetters({ sentBefore: now, hideSeconds: HIDE_SECONDS })) {
    letters.push(...batch);
    break;
  }
  const latest = letters
    .toSorted((one, other) => (one.sentAt > other.sentAt ? -1 : 1))
    .slice(0, maxLetters)
    .map(({ id, sentAt, reason }) => ({ id, sentAt, reason: (reason ?? 'the queue gave it up').slice(0, MAX_REASON) }));
  return { waiting, deadLetters: { count, latest } };
}

async function readEach<T extends object>(
  profiles: readonly string[],
  read: (profile: string) => Promise<T | undefined>,
) {
  return await Promise.all(profiles.map(async (profile) => ({ profile, ...(await orFault(() => read(profile))) })));
}

interface Fault {
  readonly fault: string;
}

/** What is stored or does not answer is said; a fault of Signet's own is thrown. */
async function orFault<T extends object>(
  read: () => Promise<T | undefined>,
): Promise<T | Fault | { readonly [name: string]: never }> {
  try {
    return (await read()) ?? {};
  } catch (error) {
    if (error instanceof StoreError || error instanceof ConfigurationError)
      return { fault: `${error.code}: it could not be read` };
    throw error;
  }
}

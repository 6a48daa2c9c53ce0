import { SignatureError } from '../../base/errors/signature-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Signer } from '../../platform/signing/signer.ts';
import { collectPages, type Page, toShortId } from './collect-pages.ts';
import { findLinkFault, listStoredSeals, readSeals } from './read-chain.ts';
import {
  addDays,
  parseSealKey,
  SEALS,
  type Seal,
  type SealedRecord,
  sealKey,
  signSeal,
  toDay,
  verifySeal,
} from './seal.ts';

export interface SealRequest {
  readonly objects: ObjectStore;
  readonly signer: Signer;
  readonly now: () => Date;
  readonly isTimeUp: () => boolean;
}

/** What one run did. */
export interface SealResult {
  /** `idle`: nothing was due. `busy`: another run seals. */
  readonly kind: 'sealed' | 'idle' | 'busy';
  /** Days that are whole now, in their order. */
  readonly days: readonly string[];
  readonly records: number;
  /** Of them, those of days before. */
  readonly late: number;
  /** Of the last page, in the chain: whoever keeps it can show later that nothing up to it was removed. */
  readonly root?: string | undefined;
  /** Why the last page before this run does not count by this key: it was planted, or the key was changed since. */
  readonly foreign?: string | undefined;
}

/** Milliseconds after its end at which a day is sealed: what is decided at its end is written by then. */
export const SEAL_DELAY_MS = 60 * 60 * 1000;
/** The last day that is due to be sealed. */
function toDueDay(now: Date): string {
  return addDays(toDay(now.getTime() - SEAL_DELAY_MS), -1);
}

/** The chain as far as it goes. */
interface Chain {
  readonly last: Seal | undefined;
  /** Ids of what is sealed, each as 32 characters. */
  readonly sealed: Set<string>;
}

/**
 * Seals each day that is due and has none, in order: all records of it, and those of days before that no seal has. Each
 * page is written on the condition that nobody wrote it, and names the one before, so that two runs never make two chains.
 * It may be killed at any point: the next run goes on after the last page.
 *
 * @throws StoreError; `BodyInvalid` when the chain is broken, which nothing is added to
 */
export async function sealDays(request: SealRequest): Promise<SealResult> {
  const { objects, signer, now } = request;
  const due = toDueDay(now());
  const newest = await readNewest(objects);
  if (newest?.isLast === true && newest.day >= due) {
    const { root } = newest;
    return { kind: 'idle', days: [], records: 0, late: 0, root, foreign: findForeign(newest, signer) };
  }
  const chain = await readChain(objects);
  const foreign = chain.last === undefined ? undefined : findForeign(chain.last, signer);
  const total = { days: [] as string[], records: 0, late: 0, root: chain.last?.root, foreign };
  let { last } = chain;
  const later = new Map<string, SealedRecord>();
  for (let day = toNextDay(last, due); day <= due; day = addDays(day)) {
    for await (const page of collectPages(request, { sealed: chain.sealed, later }, day)) {
      const written = await writePage(request, day, last, page);
      if (written === undefined) return { kind: 'busy', ...total };
      last = written;
      total.records += page.sealed.length;
      total.late += page.sealed.filter((one) => one.day < day).length;
      total.root = written.root;
      if (written.isLast) total.days.push(day);
    }
    if (last?.isLast !== true || last.day !== day) break;
  }
  return { kind: 'sealed', ...total };
}

/** The day of a page that is not the last one of its day; else the one after. The first of all is the last that is due. */
function toNextDay(last: Seal | undefined, due: string): string {
  if (last === undefined) return due;
  return last.isLast ? addDays(last.day) : last.day;
}

async function readNewest(objects: ObjectStore): Promise<Seal | undefined> {
  let newest: string | undefined;
  for await (const { key } of objects.listObjects(SEALS)) if (parseSealKey(key) !== undefined) newest = key;
  if (newest === undefined) return undefined;
  for await (const { seal } of readSeals(listStoredSeals(objects, newest.slice(0, -1)))) return seal;
  return undefined;
}

async function readChain(objects: ObjectStore): Promise<Chain> {
  let last: Seal | undefined;
  const sealed = new Set<string>();
  for await (const { key, seal, fault } of readSeals(listStoredSeals(objects))) {
    // Other things there are an audit's to name.
    if (parseSealKey(key) === undefined) continue;
    const broken = seal === undefined ? fault : findLinkFault(last, seal);
    if (seal === undefined || broken !== undefined) {
      throw new StoreError('BodyInvalid', `the chain of seals is broken at ${key}: ${broken ?? ''}; restore it`);
    }
    for (const { id } of seal.sealed) sealed.add(toShortId(id));
    last = { ...seal, sealed: [] };
  }
  return { last, sealed };
}

function findForeign(last: Seal, { publicKey }: Signer): string | undefined {
  try {
    verifySeal(last, [publicKey]);
    return undefined;
  } catch (error) {
    if (error instanceof SignatureError) return `${last.key}: ${error.message}`;
    throw error;
  }
}

/** Undefined when another run wrote it. */
async function writePage(
  { objects, signer, now }: SealRequest,
  day: string,
  last: Seal | undefined,
  { sealed, isLast }: Page,
): Promise<Seal | undefined> {
  const page = last === undefined || last.day !== day ? 1 : last.page + 1;
  const head = { day, page, isLast, previous: last?.root ?? null, sealedAt: now().toISOString() };
  const { text, root } = await signSeal(head, sealed, signer);
  const key = sealKey(head);
  const isWritten = await objects.createObject(key, new TextEncoder().encode(text));
  if (!isWritten) return undefined;
  return { schema: 1, ...head, records: sealed.length, root, key, sealed: [], envelope: '' };
}

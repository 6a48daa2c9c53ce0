import { SignatureError } from '../../base/errors/signature-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { isUnreadable } from '../records/read-records.ts';
import { addDays, MAX_SEAL_BYTES, parseSealKey, readSeal, SEALS, type Seal } from './seal.ts';

/** What lies where seals are: a page of the chain, or why it is none. */
export type FoundSeal =
  | { readonly key: string; readonly seal: Seal; readonly fault?: undefined }
  | { readonly key: string; readonly seal?: undefined; readonly fault: string };

/** A stored page as bytes; undefined for one that is gone. */
export interface StoredSeal {
  readonly key: string;
  readonly bytes: Uint8Array | undefined;
  readonly fault?: string | undefined;
}

/** Every page of the chain, in its order. @throws StoreError */
export async function* listStoredSeals(objects: ObjectStore, after = ''): AsyncGenerator<StoredSeal> {
  for await (const { key } of objects.listObjects(SEALS, after === '' ? {} : { after })) {
    try {
      yield { key, bytes: (await objects.readObject(key, MAX_SEAL_BYTES))?.bytes };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      yield { key, bytes: undefined, fault: error.message };
    }
  }
}

export async function* readSeals(stored: AsyncIterable<StoredSeal>): AsyncGenerator<FoundSeal> {
  for await (const { key, bytes, fault = 'it is gone' } of stored) {
    if (bytes === undefined) yield { key, fault };
    else yield tryRead(key, bytes);
  }
}

function tryRead(key: string, bytes: Uint8Array): FoundSeal {
  if (parseSealKey(key) === undefined) return { key, fault: 'it is not the place of a seal' };
  try {
    return { key, seal: readSeal(key, bytes) };
  } catch (error) {
    if (error instanceof SignatureError) return { key, fault: error.message };
    throw error;
  }
}

/**
 * Why a page does not follow the one before it; undefined if it does. Each page names the root of the one before, so that
 * none can be left out, put in or replaced unless all that come after are made anew.
 */
export function findLinkFault(before: Seal | undefined, next: Seal): string | undefined {
  if (before === undefined) {
    if (next.previous === null && next.page === 1) return undefined;
    return 'it is the first that is there, and says that another one came before it';
  }
  const isNextDay = before.isLast && next.page === 1 && next.day === addDays(before.day);
  const isNextPage = !before.isLast && next.day === before.day && next.page === before.page + 1;
  if (!isNextDay && !isNextPage) return `a seal between ${before.key} and it is missing`;
  if (next.previous === before.root) return undefined;
  return `it was made after another seal than ${before.key} is now: one of both was replaced`;
}

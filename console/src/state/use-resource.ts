import { useEffect, useState } from 'preact/hooks';
import { type Fault, read } from '../api/ask.ts';
import { toUnreachableSince, whenReachChanges } from '../api/reach.ts';

/** What is known of an answer: the last one stays while a newer one is read, and while there is none. */
export interface Resource<T> {
  readonly value?: T | undefined;
  /** Milliseconds: when the value was read. */
  readonly readAt?: number | undefined;
  /** Why the last try failed; the value, if there is one, is of before. */
  readonly fault?: Fault | undefined;
  readonly isReading: boolean;
}

/** Milliseconds after which what is looked at is read again. */
const REFRESH_MS = 30_000;
/** Answers that are kept for going back. */
const MAX_KEPT = 60;

interface Entry {
  resource: Resource<unknown>;
  readonly listeners: Set<() => void>;
}

const entries = new Map<string, Entry>();

/**
 * The answer to a GET, read again every half a minute while somebody looks, and at once when the service is back.
 *
 * @param path undefined: nothing is asked
 */
export function useResource<T>(path: string | undefined, refreshMs: number = REFRESH_MS): Resource<T> {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (path === undefined) return undefined;
    const entry = toEntry(path);
    const listener = (): void => redraw((count) => count + 1);
    entry.listeners.add(listener);
    const { readAt } = entry.resource;
    if (readAt === undefined || Date.now() - readAt > 2000) void refresh(path);
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible' && toUnreachableSince() === undefined) void refresh(path);
    }, refreshMs);
    const leave = whenReachChanges(() => {
      if (toUnreachableSince() === undefined) void refresh(path);
    });
    return () => {
      clearInterval(timer);
      leave();
      entry.listeners.delete(listener);
    };
  }, [path, refreshMs]);
  if (path === undefined) return { isReading: false };
  return (entries.get(path)?.resource ?? { isReading: true }) as Resource<T>;
}

/** Reads it again now. */
export async function refresh(path: string): Promise<void> {
  const entry = toEntry(path);
  if (entry.resource.isReading && entry.resource.readAt !== undefined) return;
  change(entry, { ...entry.resource, isReading: true });
  const { value, fault } = await read<unknown>(path);
  if (fault === undefined) change(entry, { value, readAt: Date.now(), isReading: false });
  else change(entry, { ...entry.resource, fault, isReading: false });
}

function toEntry(path: string): Entry {
  const known = entries.get(path);
  if (known !== undefined) {
    entries.delete(path);
    entries.set(path, known);
    return known;
  }
  const entry: Entry = { resource: { isReading: false }, listeners: new Set() };
  entries.set(path, entry);
  for (const [key, { listeners }] of entries) {
    if (entries.size <= MAX_KEPT) break;
    if (listeners.size === 0 && key !== path) entries.delete(key);
  }
  return entry;
}

function change(entry: Entry, resource: Resource<unknown>): void {
  entry.resource = resource;
  for (const listener of entry.listeners) listener();
}

import { StoreError } from '../../base/errors/store-error.ts';

/** A secret that may change while the process runs: its text, parsed. */
export interface SecretSource<T> {
  /** @throws StoreError when it cannot be read; whatever the parser throws */
  read(): Promise<T>;
}

/** Milliseconds after which a secret is read again. */
export const SECRET_REFRESH_MS = 5 * 60 * 1000;
/** Milliseconds for which the last one counts while it cannot be read again: what was revoked must end. */
export const MAX_SECRET_AGE_MS = 60 * 60 * 1000;

export interface SecretOptions<T> {
  readonly readText: () => Promise<string>;
  readonly parse: (text: string) => T;
  readonly now: () => Date;
  readonly refreshMs?: number | undefined;
}

interface Kept<T> {
  readonly value: T;
  readonly text: string;
  readonly readAt: number;
}

/** Keeps a secret between requests. A new one that cannot be parsed is an error at once: it replaced the old one. */
export function createSecretSource<T>(options: SecretOptions<T>): SecretSource<T> {
  const { readText, parse, now, refreshMs = SECRET_REFRESH_MS } = options;
  let kept: Kept<T> | undefined;
  let underWay: Promise<T> | undefined;
  const refresh = async (): Promise<T> => {
    const readAt = now().getTime();
    try {
      const text = await readText();
      // The same text is the same value, so that whoever made something of it need not make it anew.
      const value = kept?.text === text ? kept.value : parse(text);
      kept = { value, text, readAt };
      return value;
    } catch (error) {
      if (!(error instanceof StoreError)) kept = undefined;
      if (kept !== undefined && isWithin(kept, readAt, MAX_SECRET_AGE_MS)) return kept.value;
      throw error;
    }
  };
  return {
    read() {
      if (kept !== undefined && isWithin(kept, now().getTime(), refreshMs)) return Promise.resolve(kept.value);
      underWay ??= refresh().finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
  };
}

/** An age below zero is that of a clock that was set back: not known. */
function isWithin({ readAt }: Kept<unknown>, now: number, ms: number): boolean {
  const age = now - readAt;
  return age >= 0 && age < ms;
}

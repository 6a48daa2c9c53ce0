import { StoreError } from '../../base/errors/store-error.ts';
import { toFileReason } from '../files/file-error.ts';
import { type FileContents, readRegularFile } from '../files/read-regular-file.ts';

/** A secret that may change while the process runs: its text, parsed. */
export interface SecretSource<T> {
  /** @throws StoreError when it cannot be read; the parser's error */
  read(): Promise<T>;
}

/** Milliseconds after which a secret is read again. */
export const SECRET_REFRESH_MS = 5 * 60 * 1000;
/** Milliseconds for which the last one is used while it cannot be read again: a revoked secret must end. */
export const MAX_SECRET_AGE_MS = 60 * 60 * 1000;

interface SecretOptions<T> {
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
      // The same text is the same value, so that values derived from it stay valid.
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

/** The secret at a location, an ARN or a file; undefined where none is configured. */
export function openSecretSource<T>(
  location: string | undefined,
  { parse, refreshMs }: Pick<SecretOptions<T>, 'parse' | 'refreshMs'>,
): SecretSource<T> | undefined {
  if (location === undefined) return undefined;
  return createSecretSource({ readText: openSecret(location), parse, now: () => new Date(), refreshMs });
}

/** Bytes of a secret; Secrets Manager holds no more. */
export const MAX_SECRET_BYTES = 64 * 1024;

/**
 * What reads a secret's text, by where it is: the ARN of a secret of Secrets Manager, or a file. The AWS SDK is loaded
 * for an ARN alone, and then at once: a function has more of the processor while it starts.
 *
 * @param openManaged called for an ARN
 * @returns a function that throws StoreError, which names the place and shows nothing of the secret
 */
export function openSecret(
  location: string,
  openManaged: (arn: string) => () => Promise<string> = openManagedSecret,
): () => Promise<string> {
  if (!isManagedSecret(location)) return () => readSecretFile(location);
  return openManaged(location);
}

/** Whether a location is a secret of AWS, and no file. */
export function isManagedSecret(location: string): boolean {
  return /^arn:[a-z-]+:secretsmanager:/.test(location);
}

function openManagedSecret(arn: string): () => Promise<string> {
  const open = () => import('./managed-secret.ts').then(({ createManagedSecret }) => createManagedSecret(arn));
  let opened: ReturnType<typeof open> | undefined = open();
  // The next read reports the failure, and opens the secret again.
  opened.catch(() => undefined);
  return async () => {
    opened ??= open();
    try {
      return await (
        await opened
      )();
    } catch (error) {
      if (!(error instanceof StoreError)) opened = undefined;
      throw error;
    }
  };
}

/** A link is followed: secrets are mounted as links. */
async function readSecretFile(file: string): Promise<string> {
  let contents: FileContents;
  try {
    contents = await readRegularFile(file, MAX_SECRET_BYTES, 'follow');
  } catch (cause) {
    throw new StoreError('NotFound', `the secret file ${file} cannot be read: ${toFileReason(cause)}`, { cause });
  }
  if (contents.kind !== 'whole') {
    throw new StoreError('BodyInvalid', `the secret file ${file} is not a file of at most ${MAX_SECRET_BYTES} bytes`);
  }
  return Buffer.from(contents.bytes).toString('utf8');
}

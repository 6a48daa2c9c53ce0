import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { parseStoreUrl } from '../../lib/base/names/parse-store-url.ts';
import { isUrlLike, toShownScheme } from '../../lib/platform/http/http-url.ts';

/**
 * What `--store` names must be a URL that can be read, or a directory that is there: a typing error is a wrong call,
 * and only a store that was opened can be out of reach.
 *
 * @throws InputError, which repeats no password
 */
export async function checkNamedStores(named: readonly string[]): Promise<void> {
  for (const store of named) await requireDirectory(store, isUrlLike(store) ? toDirectory(store) : store);
}

/** The directory of a `file://` URL, undefined for one of HTTP. */
function toDirectory(store: string): string | undefined {
  try {
    const url = parseStoreUrl(store);
    return url.startsWith('file:') ? fileURLToPath(url) : undefined;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `--store ${toShownScheme(store)}: ${reason}; or name a directory`;
    throw new InputError('ArgumentInvalid', message, { cause });
  }
}

async function requireDirectory(store: string, directory: string | undefined): Promise<void> {
  if (directory === undefined) return;
  const entry = await stat(directory).catch(() => undefined);
  if (entry?.isDirectory() === true) return;
  // `user:password@host`, whose scheme was forgotten, is shown no more than a URL is.
  const shown = /:[^/]*@/.test(store) ? '…' : store;
  throw new InputError('FileUnreadable', `--store ${shown} is not a directory, nor a URL with http:// or https://`);
}

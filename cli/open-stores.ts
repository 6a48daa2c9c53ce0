import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../lib/errors/input-error.ts';
import { createHttpClient, type HttpClient } from '../lib/http/http-client.ts';
import { readProxy } from '../lib/runtime/environment.ts';
import { openStore } from '../lib/signatures/open-store.ts';
import { createParallelStore } from '../lib/signatures/parallel-store.ts';
import type { SignatureStore } from '../lib/signatures/signature-store.ts';
import type { PreparedTrust } from '../lib/trust/prepared-trust.ts';
import type { StoreOptions } from './options.ts';

/** The stores of a run, read in parallel; `close` lets go of every connection. */
export interface OpenedStores {
  readonly store: SignatureStore;
  readonly close: () => void;
}

/** The profile's stores, or those of the command line in their place. @throws InputError for a file not readable */
export async function openStores(
  options: StoreOptions,
  { stores, storeAccess }: Pick<PreparedTrust, 'stores' | 'storeAccess'>,
): Promise<OpenedStores> {
  const client = await openClient(options, storeAccess);
  const opened =
    options.store.length === 0
      ? stores.map(({ url }) => openStore(url, storeAccess, client))
      : options.store.map((named) => openNamedStore(named, client));
  return { store: createParallelStore(opened), close: () => client.close() };
}

/** An HTTP client as the command line wants it. @throws InputError for a file not readable */
export async function openClient(
  { allowPrivateStores, tlsCa }: Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'>,
  { allowPrivateAddresses, ca }: Pick<PreparedTrust['storeAccess'], 'allowPrivateAddresses' | 'ca'>,
): Promise<HttpClient> {
  const certificates = [ca, tlsCa === undefined ? undefined : await readInput(tlsCa, 'utf8')];
  const pem = certificates.filter((part) => part !== undefined).join('\n');
  return createHttpClient({
    allowPrivateAddresses: allowPrivateAddresses || allowPrivateStores === true,
    ca: pem === '' ? undefined : pem,
    proxy: readProxy(process.env),
  });
}

/** A store that the user named may be local: who runs the command may read the directory anyway. */
function openNamedStore(named: string, client: HttpClient): SignatureStore {
  const isUrl = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(named);
  return openStore(isUrl ? named : path.resolve(named), { allowLocal: true }, client);
}

export async function readInput(file: string): Promise<Buffer>;
export async function readInput(file: string, encoding: 'utf8'): Promise<string>;
/** Reads a file that the user named. @throws InputError `FileUnreadable` */
export async function readInput(file: string, encoding?: 'utf8'): Promise<Buffer | string> {
  try {
    return encoding === undefined ? await readFile(file) : await readFile(file, encoding);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InputError('FileUnreadable', `cannot read ${file}: ${why}`, { cause });
  }
}

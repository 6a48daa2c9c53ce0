import path from 'node:path';
import { ConfigurationError } from '../lib/base/errors/configuration-error.ts';
import { InputError } from '../lib/base/errors/input-error.ts';
import { StoreError } from '../lib/base/errors/store-error.ts';
import { parseAdmissionCredentials } from '../lib/cluster/admission/admission-credentials.ts';
import { toFileReason } from '../lib/platform/files/file-error.ts';
import { readRegularFile } from '../lib/platform/files/read-regular-file.ts';
import { openObjectStore } from '../lib/platform/objects/open-object-store.ts';
import type { ObjectStore } from '../lib/platform/objects/port/object-store.ts';
import { parseWebhookCredentials } from '../lib/platform/secrets/webhook-credentials.ts';
import { parseNotifySecret } from './notify/cloud-event.ts';
import { parseStartOptions, type StartOptions } from './options.ts';

/** Bytes of a file that an option names, at most; who reads it for its content may allow less. */
const MAX_NAMED_BYTES = 1024 * 1024;

type NamedFiles = Pick<StartOptions, 'webhooks' | 'admission' | 'notifySecret' | 'signKey' | 'pullSecret' | 'tls'>;

/**
 * Reads each file of secrets that an option names, once, before anything starts: what reads it later cannot say which
 * option named it, and may read it only when the first registry asks.
 *
 * @throws InputError `FileUnreadable`, which names the option
 */
export async function checkNamedFiles(options: NamedFiles): Promise<void> {
  const { webhooks, admission, notifySecret, signKey, pullSecret, tls } = options;
  await checkFile('--webhooks', webhooks, parseWebhookCredentials);
  await checkFile('--admission', admission, parseAdmissionCredentials);
  await checkFile('--notify-secret', notifySecret, parseNotifySecret);
  await checkFile('--sign-key', signKey);
  await checkFile('--pull-secret', pullSecret);
  await checkFile('--tls-cert', tls?.cert);
  await checkFile('--tls-key', tls?.key);
  await checkFile('--client-ca', tls?.clientCa);
}

/** @param parse throws ConfigurationError for a content that would be refused later */
async function checkFile(option: string, place: string | undefined, parse?: (text: string) => unknown): Promise<void> {
  // What AWS holds is read where it is needed.
  if (place === undefined || place.startsWith('arn:')) return;
  const contents = await readRegularFile(place, MAX_NAMED_BYTES, 'follow').catch((cause: unknown) => {
    throw new InputError('FileUnreadable', `${option} ${place}: ${toFileReason(cause)}`, { cause });
  });
  if (contents.kind !== 'whole') {
    const why = contents.kind === 'cut' ? `it is longer than ${MAX_NAMED_BYTES} bytes` : 'it is no file';
    throw new InputError('FileUnreadable', `${option} ${place}: ${why}`);
  }
  try {
    parse?.(Buffer.from(contents.bytes).toString('utf8'));
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    throw new InputError('FileUnreadable', `${option} ${place}: ${cause.message}`, { cause });
  }
}

/** The store of a start. @throws InputError, which names the option; StoreError */
export async function openNamedObjects({
  objects,
  data,
}: Pick<StartOptions, 'objects' | 'data'>): Promise<ObjectStore> {
  try {
    return await openObjectStore(objects ?? path.join(data, 'objects'));
  } catch (cause) {
    if (objects === undefined || !(cause instanceof InputError)) throw cause;
    throw new InputError(cause.code, `--objects: ${cause.message}`, { cause });
  }
}

/** The message of a start that failed, and the exit status. */
export interface Failure {
  readonly text: string;
  readonly status: 2 | 70;
}

/** System calls of a server that listens; every other one is of the data folder. */
const LISTENING: readonly unknown[] = ['listen', 'bind', 'getaddrinfo'];

/** One line that names the option to change; the stack only for a fault of Signet's own. */
export function describeFailure(error: unknown, args: readonly string[]): Failure {
  if (error instanceof InputError || error instanceof ConfigurationError) return { text: error.message, status: 2 };
  if (error instanceof StoreError) return { text: `${nameOption('objects', args)}: ${error.message}`, status: 2 };
  if (isSystemError(error)) return { text: describeSystemError(error, args), status: 2 };
  return { text: (error instanceof Error ? error.stack : undefined) ?? String(error), status: 70 };
}

/** Codes of Node's own start with ERR_ and mean a wrong call, but for those of its database. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return !error.code.startsWith('ERR_') || error.code.startsWith('ERR_SQLITE');
}

function describeSystemError(error: NodeJS.ErrnoException, args: readonly string[]): string {
  const { code, syscall, message, path: place } = error;
  if (code === 'EADDRINUSE') return `${message}; choose another with --port`;
  if (LISTENING.includes(syscall)) return `${nameOption('host', args)}: ${message}`;
  const data = parseStartOptions(args)?.data;
  const isData = data !== undefined && place !== undefined && path.resolve(place) === path.resolve(data);
  const within = place === undefined || isData ? '' : `${place}: `;
  const remedy = code === 'EEXIST' || code === 'ENOTDIR' ? '; name a folder' : '';
  return `${nameOption('data', args)}: ${within}${toFileReason(error)}${remedy}`;
}

function nameOption(name: 'data' | 'host' | 'objects', args: readonly string[]): string {
  const options = parseStartOptions(args);
  const named = name === 'objects' && options?.objects === undefined ? 'data' : name;
  return `--${named} ${options?.[named] ?? ''}`;
}

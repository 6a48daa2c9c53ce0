import { InputError } from '../lib/base/errors/input-error.ts';
import { toFileReason } from '../lib/platform/files/file-error.ts';
import { readRegularFile } from '../lib/platform/files/read-regular-file.ts';
import type { StartOptions } from './options.ts';

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
  await checkFile('--webhooks', webhooks);
  await checkFile('--admission', admission);
  await checkFile('--notify-secret', notifySecret);
  await checkFile('--sign-key', signKey);
  await checkFile('--pull-secret', pullSecret);
  await checkFile('--tls-cert', tls?.cert);
  await checkFile('--tls-key', tls?.key);
  await checkFile('--client-ca', tls?.clientCa);
}

async function checkFile(option: string, place: string | undefined): Promise<void> {
  // What AWS holds is read where it is needed.
  if (place === undefined || place.startsWith('arn:')) return;
  const { kind } = await readRegularFile(place, MAX_NAMED_BYTES, 'follow').catch((cause: unknown) => {
    throw new InputError('FileUnreadable', `${option} ${place}: ${toFileReason(cause)}`, { cause });
  });
  if (kind === 'whole') return;
  const why = kind === 'cut' ? `it is longer than ${MAX_NAMED_BYTES} bytes` : 'it is no file';
  throw new InputError('FileUnreadable', `${option} ${place}: ${why}`);
}

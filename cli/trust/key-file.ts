import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { checkHttpUrl, isUrlLike, toShownScheme, toShownUrl } from '../../lib/platform/http/http-url.ts';
import {
  type PinnedFingerprint,
  type SelectedCertificates,
  selectCertificates,
} from '../../lib/trust/publish/publisher-keys.ts';
import { openClient } from '../open/stores.ts';
import type { StoreOptions } from '../shell/options.ts';
import { MAX_KEY_FILE_BYTES, readInput } from '../shell/read-input.ts';

const FINGERPRINT = /^(?:[0-9A-F]{40}|[0-9A-F]{64})$/;

/** The certificates of a key file that are pinned. @throws ConfigurationError, which names the file */
export function selectPinned(
  keyFile: Uint8Array,
  pinned: readonly PinnedFingerprint[],
  from: string,
): SelectedCertificates {
  try {
    return selectCertificates(keyFile, pinned);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    const url = isUrlLike(from) ? URL.parse(from) : null;
    const shown = url === null ? from : toShownUrl(url);
    throw new ConfigurationError(cause.code, cause.message, { cause, position: { document: shown } });
  }
}

/** @throws InputError for what is no whole fingerprint */
export function parseFingerprint(text: string): PinnedFingerprint {
  const fingerprint = text.replaceAll(/[\s:]/g, '').toUpperCase();
  if (!FINGERPRINT.test(fingerprint)) {
    throw invalid(
      `${JSON.stringify(text)} is not a fingerprint: 40 hex digits, or 64 of version 6; a short key ID proves nothing`,
    );
  }
  return { fingerprint, name: fingerprint, kept: 'always' };
}

/** The bytes of a key file, from a file or an address. @throws InputError, StoreError */
export async function fetchKeyFile(from: string, options: StoreOptions, signal: AbortSignal): Promise<Uint8Array> {
  if (from === '') throw invalid('name the key file with --from');
  if (!isUrlLike(from)) return await readInput(from, MAX_KEY_FILE_BYTES);
  const url = parseKeysUrl(from);
  const client = await openClient(options, { allowPrivateAddresses: false, ca: undefined });
  try {
    const { status, bytes } = await client.get(url.href, { signal, limitBytes: MAX_KEY_FILE_BYTES });
    if (status !== 200) throw new StoreError('StatusUnexpected', `${toShownUrl(url)} answered ${status}`);
    return bytes;
  } finally {
    client.close();
  }
}

/** @throws InputError, which repeats no password */
function parseKeysUrl(from: string): URL {
  const url = URL.parse(from);
  if (url === null) throw invalid(`${toShownScheme(from)} is not a URL`);
  try {
    checkHttpUrl(url);
  } catch (cause) {
    throw invalid(`--from: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  return url;
}

function invalid(message: string, cause?: unknown): InputError {
  return new InputError('ArgumentInvalid', message, { cause });
}

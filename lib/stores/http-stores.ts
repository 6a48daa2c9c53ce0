import { StoreError } from '../base/errors/store-error.ts';
import { toStoreSegment } from '../base/names/digest.ts';
import type { HttpClient } from '../platform/http/http-client.ts';
import { toShownUrl } from '../platform/http/http-url.ts';
import { toRetryAfterSeconds } from '../platform/time/retries.ts';
import { MAX_RELEASE_SIGNATURES, MAX_SIGNATURE_BYTES, type SignatureStore } from './port/signature-store.ts';
import { type NumberedSignatures, walkSignatures } from './port/walk-signatures.ts';

/** Set by tests, which shorten the times. By default the named limits apply. */
export interface HttpStoreOptions {
  readonly requestTimeoutMs?: number | undefined;
  readonly storeTimeoutMs?: number | undefined;
}

/** `<base>/<algo>=<hex>/signature-<n>`: what a cluster's `signatureStores` and trust ConfigMap point at. */
export function createHttpReleaseStore(client: HttpClient, base: URL, options: HttpStoreOptions = {}): SignatureStore {
  return {
    description: toStoreDescription(base),
    fetchSignatures({ digest }, signal) {
      const signatures = createHttpSignatures(client, base, toStoreSegment(digest), options);
      return walkSignatures({ ...signatures, last: MAX_RELEASE_SIGNATURES, overflow: 'end' }, signal);
    },
  };
}

/** The signatures below `<base>/<segment>/`. The base's query is sent, and never shown. */
export function createHttpSignatures(
  client: HttpClient,
  base: URL,
  segment: string,
  options: HttpStoreOptions,
): Pick<NumberedSignatures, 'store' | 'toLocation' | 'readSignature' | 'timeoutMs'> {
  const urlOf = (index: number): URL => {
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/+$/, '')}/${segment}/signature-${index}`;
    return url;
  };
  return {
    store: toStoreDescription(base),
    timeoutMs: options.storeTimeoutMs,
    toLocation: (index) => toShownUrl(urlOf(index)),
    readSignature: (index, signal) => readSignature(client, urlOf(index), signal, options.requestTimeoutMs),
  };
}

/** The base URL without credentials, query or final slash. */
export function toStoreDescription(base: URL): string {
  return toShownUrl(base).replace(/\/+$/, '');
}

async function readSignature(
  client: HttpClient,
  url: URL,
  signal: AbortSignal,
  timeoutMs: number | undefined,
): Promise<Uint8Array | undefined> {
  const { status, headers, bytes } = await client.get(url.href, { signal, timeoutMs, limitBytes: MAX_SIGNATURE_BYTES });
  if (status === 404) return undefined;
  // Statuses such as 204 and 206 report success without a whole signature.
  if (status !== 200) {
    const retryAfterSeconds = toRetryAfterSeconds(headers['retry-after']);
    throw new StoreError('StatusUnexpected', `${toShownUrl(url)}: HTTP status ${status}`, { retryAfterSeconds });
  }
  if (isPage(headers['content-type'], bytes)) {
    throw new StoreError('BodyInvalid', `${toShownUrl(url)}: a page of HTML or JSON, not a signature`);
  }
  return bytes;
}

const PAGE_TYPE = /^(?:text\/html|application\/xhtml\+xml|application\/(?:.+\+)?json)$/;

/** Login pages and captive portals answer 200. No signature starts with `<`: an OpenPGP packet's first bit is set. */
function isPage(contentType: string | undefined, bytes: Uint8Array): boolean {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (PAGE_TYPE.test(mediaType)) return true;
  return /^(?:\xef\xbb\xbf)?\s*</.test(Buffer.from(bytes).toString('latin1'));
}

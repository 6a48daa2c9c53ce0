import { StoreError } from '../base/errors/store-error.ts';
import { toStoreSegment } from '../base/names/digest.ts';
import { withoutTrailing } from '../base/names/store-url.ts';
import type { HttpClient } from '../platform/http/http-client.ts';
import { toShownUrl } from '../platform/http/http-url.ts';
import type { ObjectStore } from '../platform/objects/port/object-store.ts';
import { toRetryAfterSeconds } from '../platform/time/retries.ts';
import { createFailingStore } from './port/composites.ts';
import {
  MAX_LOOKASIDE_SIGNATURES,
  MAX_RELEASE_SIGNATURES,
  MAX_SIGNATURE_BYTES,
  type SignatureStore,
} from './port/signature-store.ts';
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
    url.pathname = `${withoutTrailing(base.pathname, '/')}/${segment}/signature-${index}`;
    return url;
  };
  return {
    store: toStoreDescription(base),
    timeoutMs: options.storeTimeoutMs,
    toLocation: (index) => toShownUrl(urlOf(index)),
    readSignature: (index, signal) => requestSignature(client, urlOf(index), signal, options.requestTimeoutMs),
  };
}

/** The base URL without credentials, query or final slash. */
export function toStoreDescription(base: URL): string {
  return withoutTrailing(toShownUrl(base), '/');
}

async function requestSignature(
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

/**
 * `<prefix>/<algo>=<hex>/signature-<n>` in a bucket or a data folder: the layout of Signet's mirror. The default prefix is
 * `signatures`.
 */
export function createObjectReleaseStore(objects: ObjectStore, options: ObjectSignaturesOptions = {}): SignatureStore {
  const { description, toWalk } = openObjectSignatures(objects, { prefix: 'signatures', ...options });
  return {
    description,
    fetchSignatures({ digest }, signal) {
      const walk = toWalk(toStoreSegment(digest));
      return walkSignatures({ ...walk, last: MAX_RELEASE_SIGNATURES, overflow: 'end' }, signal);
    },
  };
}

/**
 * `<prefix>/<host>/<repository>@<algo>=<hex>/signature-<n>` in a bucket or a data folder: the layout of the lookasides in
 * Signet's mirror. The default prefix is `lookaside`. Images of many registries share it, so the host is part of the key.
 */
export function createObjectLookasideStore(
  objects: ObjectStore,
  options: ObjectSignaturesOptions = {},
): SignatureStore {
  const { description, toWalk } = openObjectSignatures(objects, { prefix: 'lookaside', ...options });
  return {
    description,
    fetchSignatures(query, signal) {
      const { digest, repository } = query;
      if (repository === undefined) {
        const error = new StoreError('NotAllowed', 'a lookaside is laid out by repository, and the query names none');
        return createFailingStore(description, error).fetchSignatures(query, signal);
      }
      const walk = toWalk(`${repository}@${toStoreSegment(digest)}`);
      return walkSignatures({ ...walk, last: MAX_LOOKASIDE_SIGNATURES, overflow: 'failed' }, signal);
    },
  };
}

interface ObjectSignaturesOptions {
  /** Key prefix without a final slash, or empty. Default: the layout's own. */
  readonly prefix?: string | undefined;
  /** How the evidence names the store. Default: the object store's description with the prefix. */
  readonly description?: string | undefined;
  readonly storeTimeoutMs?: number | undefined;
}

/** Numbered signatures as objects, in any layout: `<prefix>/<segment>/signature-<n>`. */
interface ObjectSignatures {
  readonly description: string;
  readonly toWalk: (segment: string) => Omit<NumberedSignatures, 'last' | 'overflow'>;
}

function openObjectSignatures(
  objects: ObjectStore,
  { prefix = '', description: given, storeTimeoutMs }: ObjectSignaturesOptions,
): ObjectSignatures {
  const root = prefix === '' ? '' : `${prefix}/`;
  const description = given ?? (prefix === '' ? objects.description : `${objects.description}/${prefix}`);
  return {
    description,
    toWalk: (segment) => ({
      store: description,
      timeoutMs: storeTimeoutMs,
      toLocation: (index) => `${description}/${segment}/signature-${index}`,
      readSignature: (index) => readStored(objects, `${root}${segment}/signature-${index}`),
    }),
  };
}

async function readStored(objects: ObjectStore, key: string): Promise<Uint8Array | undefined> {
  const object = await objects.readObject(key, MAX_SIGNATURE_BYTES);
  if (object !== undefined && object.bytes.length > MAX_SIGNATURE_BYTES) {
    throw new StoreError('LimitExceeded', `${key} is longer than ${MAX_SIGNATURE_BYTES} bytes`);
  }
  return object?.bytes;
}

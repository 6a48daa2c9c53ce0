import { StoreError } from '../../base/errors/store-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import { type Repository, repositoryPath } from '../../base/names/reference.ts';
import type { HttpResponse, RequestContent } from '../../platform/http/http-client.ts';
import { toShownUrl } from '../../platform/http/http-url.ts';
import { retryRequest } from '../../platform/time/retries.ts';
import { createAllowedRegistries } from './allowed-registries.ts';
import { checkStatus } from './registry-answers.ts';
import type { Manifest, RegistryClientOptions } from './registry-client.ts';
import { toExtensionEntry } from './signature-extension.ts';
import { createTokenAuth } from './token-auth.ts';

/**
 * Writes to the registries that the configuration allows (OCI distribution). Every method throws StoreError as the
 * registry client does; `RedirectRefused` for an upload to another origin.
 */
export interface RegistryPusher {
  /** Does nothing if the repository has the blob, or waits for who sends it just now. @returns whether it was sent */
  pushBlob(repository: Repository, blob: PushedBlob, signal: AbortSignal): Promise<boolean>;
  /** Its blobs must exist. `ConditionFailed` if the registry answers that the condition does not hold. */
  pushManifest(repository: Repository, manifest: Manifest, options: PushOptions): Promise<PushedManifest>;
  /** An OpenPGP signature of an image, by the signature extension. @returns false for one that is there by this name */
  putSignature(repository: Repository, digest: Digest, message: Uint8Array, signal: AbortSignal): Promise<boolean>;
}

export interface PushOptions {
  readonly tag?: string | undefined;
  readonly condition?: TagCondition | undefined;
  readonly signal: AbortSignal;
}

/**
 * The condition of a write: the tag must not exist, or must have this ETag (RFC 9110). OCI distribution does not define
 * conditions: a registry that does not know them writes in any case.
 */
export type TagCondition = { readonly kind: 'absent' } | { readonly kind: 'unchanged'; readonly etag: string };

export interface PushedBlob {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

export interface PushedManifest {
  /** Whether the registry lists the manifest as a referrer of its subject (OCI distribution 1.1). */
  readonly isListed: boolean;
}

/** Bytes of an answer to an upload, which is short. */
const MAX_ANSWER_BYTES = 64 * 1024;
const NOTHING: RequestContent = { type: 'application/octet-stream', bytes: new Uint8Array() };

type Sent = { readonly url: URL; readonly repository: Repository; readonly signal: AbortSignal } & (
  | { readonly method: 'HEAD' }
  | {
      readonly method: 'POST' | 'PUT';
      readonly content: RequestContent;
      readonly condition?: TagCondition | undefined;
    }
);

/** @throws ConfigurationError `DocumentInvalid` when an allowed host is not a host */
export function createRegistryPusher(options: RegistryClientOptions): RegistryPusher {
  const { http, timeoutMs } = options;
  const allowed = createAllowedRegistries(options);
  const auth = createTokenAuth({ ...options, allowed, actions: 'pull,push' });

  async function attempt({ url, repository, signal, ...request }: Sent): Promise<HttpResponse> {
    const sendWith = async (authorization: string | undefined): Promise<HttpResponse> => {
      const condition = 'condition' in request ? toConditionHeaders(request.condition) : {};
      const headers = { ...condition, ...(authorization === undefined ? {} : { authorization }) };
      const { checkRedirect } = allowed;
      const limits = { limitBytes: MAX_ANSWER_BYTES, signal, timeoutMs };
      return await http.send(url.href, { ...request, ...limits, headers, checkRedirect });
    };
    const first = await sendWith(auth.recall(repository));
    if (first.status !== 401 || first.url.origin !== url.origin) return first;
    auth.forget(repository);
    const header = first.headers['www-authenticate'];
    return await sendWith(await auth.answer({ repository, url: first.url, header, signal }));
  }

  /** Retried safely: content is named by its digest, and a tag names that content. */
  async function send(request: Sent, expected: number): Promise<HttpResponse> {
    return await retryRequest(async () => {
      const response = await attempt(request);
      if (response.status !== expected) refuse(response);
      return response;
    }, request.signal);
  }

  const toUrl = (repository: Repository, path: string): URL =>
    new URL(`${allowed.toOrigin(repository)}/v2/${repositoryPath(repository)}/${path}`);

  async function hasBlob(repository: Repository, digest: Digest, signal: AbortSignal): Promise<boolean> {
    try {
      await send({ url: toUrl(repository, `blobs/${digest}`), repository, method: 'HEAD', signal }, 200);
      return true;
    } catch (error) {
      if (error instanceof StoreError && error.code === 'NotFound') return false;
      throw error;
    }
  }

  async function sendBlob(
    repository: Repository,
    { digest, bytes }: PushedBlob,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (await hasBlob(repository, digest, signal)) return false;
    await retryRequest(async () => {
      const at = toUrl(repository, 'blobs/uploads/');
      const started = await attempt({ url: at, repository, method: 'POST', content: NOTHING, signal });
      if (started.status !== 202) refuse(started);
      const url = toUploadUrl(started, at);
      url.searchParams.set('digest', digest);
      const content = { type: 'application/octet-stream', bytes };
      const ended = await attempt({ url, repository, method: 'PUT', content, signal });
      if (ended.status !== 201) refuse(ended);
    }, signal);
    return true;
  }

  // Two uploads of one blob at a time: distribution 2.8 writes its link anew, and for that moment a manifest that names
  // the blob is refused.
  const uploads = new Map<string, Promise<unknown>>();

  return {
    async pushBlob(repository, blob, signal) {
      const name = `${repository}@${blob.digest}`;
      for (let other = uploads.get(name); other !== undefined; other = uploads.get(name))
        await Promise.allSettled([other]);
      const upload = sendBlob(repository, blob, signal);
      uploads.set(name, upload);
      try {
        return await upload;
      } finally {
        uploads.delete(name);
      }
    },
    async pushManifest(repository, { digest, bytes, mediaType }, { tag, condition, signal }) {
      const url = toUrl(repository, `manifests/${tag ?? digest}`);
      const content = { type: mediaType, bytes };
      const { headers } = await send({ url, repository, method: 'PUT', content, condition, signal }, 201);
      const kept = headers['docker-content-digest'];
      if (kept !== undefined && kept !== digest) {
        throw new StoreError(
          'ContentMismatch',
          `${toShownUrl(url)}: the registry keeps ${String(kept)}, not ${digest}`,
        );
      }
      return { isListed: headers['oci-subject'] !== undefined };
    },
    async putSignature(repository, digest, message, signal) {
      const { path, content } = toExtensionEntry(repository, digest, message);
      const url = new URL(path, allowed.toOrigin(repository));
      return await retryRequest(async () => {
        const response = await attempt({ url, repository, method: 'PUT', content, signal });
        if (response.status === 409) return false;
        if (response.status !== 201) refuse(response);
        return true;
      }, signal);
    },
  };
}

/** The URL of the upload, which carries its state. It must be on the same registry. */
function toUploadUrl({ headers }: HttpResponse, at: URL): URL {
  const url = headers.location === undefined ? null : URL.parse(headers.location, at.href);
  if (url === null) throw new StoreError('BodyInvalid', `${toShownUrl(at)}: the answer names no URL for the upload`);
  if (url.origin === at.origin) return url;
  throw new StoreError('RedirectRefused', `${toShownUrl(at)}: the registry redirects uploads to ${url.origin}`);
}

function toConditionHeaders(condition: TagCondition | undefined): Readonly<Record<string, string>> {
  if (condition === undefined) return {};
  return condition.kind === 'absent' ? { 'if-none-match': '*' } : { 'if-match': condition.etag };
}

/** OCI distribution's code for a manifest whose blobs the registry does not find. */
const BLOB_UNKNOWN = /"code"\s*:\s*"MANIFEST_BLOB_UNKNOWN"/;

/**
 * A blob that the registry took and does not find yet is `Unavailable`: it may find it in a moment.
 *
 * @throws StoreError always: 200 is not the expected status either
 */
function refuse(response: HttpResponse): never {
  const isBlobUnknown = response.status === 400 || response.status === 404;
  if (isBlobUnknown && BLOB_UNKNOWN.test(Buffer.from(response.bytes).toString('latin1'))) {
    const message = `${toShownUrl(response.url)}: HTTP status ${response.status}, MANIFEST_BLOB_UNKNOWN`;
    throw new StoreError('Unavailable', message);
  }
  if (response.status === 412) {
    throw new StoreError('ConditionFailed', `${toShownUrl(response.url)}: another writer has changed it`);
  }
  if (response.status !== 200) checkStatus(response, response.url.origin);
  throw new StoreError('StatusUnexpected', `${toShownUrl(response.url)}: HTTP status ${response.status}`);
}

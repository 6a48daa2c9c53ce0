import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { parseReference, type Repository, repositoryHost } from '../../base/names/reference.ts';
import type { HttpResponse, HttpSender } from '../../platform/http/http-client.ts';
import { toShownUrl } from '../../platform/http/http-url.ts';
import { type AllowedHosts, createAllowedRegistries } from './allowed-registries.ts';
import { listReferrers, type ReferrerList } from './list-referrers.ts';
import type { PullSecret } from './pull-secret.ts';
import {
  checkManifest,
  MANIFEST_MEDIA_TYPES,
  type ManifestMediaType,
  toManifestMediaType,
  verifyContent,
} from './registry-answers.ts';
import { createRegistryRequests } from './registry-requests.ts';
import { createSignatureExtension, type SignatureExtension } from './signature-extension.ts';
import { type StreamOptions, streamBlob } from './stream-blob.ts';

export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export interface RegistryClientOptions extends AllowedHosts {
  readonly http: HttpSender;
  readonly pullSecret?: PullSecret | undefined;
  /** For each request. Default: the HTTP client's own limit. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds since 1970, for the lifetime of tokens. */
  readonly now?: (() => number) | undefined;
}

export interface Manifest {
  /** As received; their digest has been recalculated. */
  readonly bytes: Uint8Array;
  readonly mediaType: ManifestMediaType;
  readonly digest: Digest;
  /** The entity tag of this version, for a conditional write; missing if the registry sends none. */
  readonly etag?: string | undefined;
}

/**
 * Reads from the registries that the configuration allows (OCI distribution). Every method throws StoreError:
 * `NotAllowed` before any contact, `NotFound`, `AccessDenied`, `Unavailable`, `ContentMismatch` and those of the HTTP
 * client; and InputError `PullspecInvalid` for an invalid tag.
 */
export interface RegistryClient {
  /** The digest that a tag names now, according to the registry: requested each time, and its content not yet read. */
  resolveTag(repository: Repository, tag: string, signal: AbortSignal): Promise<Digest>;
  /** At most {@link MAX_MANIFEST_BYTES}. Content requested by digest has that digest. */
  readManifest(repository: Repository, digestOrTag: Digest | string, signal: AbortSignal): Promise<Manifest>;
  /** A whole blob, its digest recalculated. */
  readBlob(
    repository: Repository,
    digest: Digest,
    options: { readonly limitBytes: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array>;
  /** Streams a blob to `read`, whose result is returned once the blob's digest has been recalculated. */
  streamBlob<T>(
    repository: Repository,
    digest: Digest,
    options: StreamOptions,
    read: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T>;
  /** The referrers of a manifest; undefined if the registry lacks the API (before OCI distribution 1.1). */
  listReferrers(repository: Repository, digest: Digest, signal: AbortSignal): Promise<ReferrerList | undefined>;
  /** The OpenPGP signatures by the signature extension; undefined if the registry does not say that it has it. */
  readonly readSignatureExtension: SignatureExtension;
}

/** Reads manifests by digest or tag. Their content has been compared with the digest. */
export type ManifestSource = Pick<RegistryClient, 'readManifest'>;

const ACCEPT = MANIFEST_MEDIA_TYPES.join(', ');

/** @throws ConfigurationError `DocumentInvalid` when an allowed host is not a host. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const requests = createRegistryRequests({ ...options, allowed: createAllowedRegistries(options) });

  async function readManifest(repository: Repository, reference: string, signal: AbortSignal): Promise<Manifest> {
    const asked = isDigest(reference) ? reference : undefined;
    const path = `manifests/${asked ?? checkTag(repository, reference)}`;
    const request = { repository, path, method: 'GET', accept: ACCEPT, limitBytes: MAX_MANIFEST_BYTES } as const;
    const response = await requests.ask({ ...request, signal }).catch((error: unknown) => {
      throw nameAbsent(error, repository, reference);
    });
    return naming(response, () => {
      const mediaType = toManifestMediaType(response.headers['content-type']);
      if (mediaType === undefined)
        throw new StoreError('BodyInvalid', 'the answer is not a manifest by its media type');
      const digest = verifyContent(response.bytes, { asked, header: toContentDigest(response) });
      checkManifest(response.bytes, mediaType);
      const { etag } = response.headers;
      return { bytes: response.bytes, mediaType, digest, ...(etag === undefined ? {} : { etag }) };
    });
  }

  return {
    async resolveTag(repository, tag, signal) {
      const path = `manifests/${checkTag(repository, tag)}`;
      const head = await requests
        .ask({ repository, path, method: 'HEAD', accept: ACCEPT, limitBytes: 0, signal })
        .catch((error: unknown) => toUndefinedWithoutHead(nameAbsent(error, repository, tag)));
      const named = head === undefined ? undefined : toContentDigest(head);
      const isManifest = toManifestMediaType(head?.headers['content-type']) !== undefined;
      if (isManifest && named !== undefined && isDigest(named)) return named;
      return (await readManifest(repository, tag, signal)).digest;
    },
    readManifest,
    streamBlob: (repository, digest, limits, read) => streamBlob(requests, { repository, digest }, limits, read),
    listReferrers: (repository, digest, signal) => listReferrers(requests, repository, digest, signal),
    readSignatureExtension: createSignatureExtension(requests, options.now),
    async readBlob(repository, digest, { limitBytes, signal }) {
      const path = `blobs/${digest}`;
      const response = await requests.ask({ repository, path, method: 'GET', accept: '*/*', limitBytes, signal });
      return naming(response, () => {
        verifyContent(response.bytes, { asked: digest, header: toContentDigest(response) });
        return response.bytes;
      });
    },
  };
}

/** Says in words what the registry said: a tag that does not exist is no registry out of reach. */
function nameAbsent(error: unknown, repository: Repository, reference: string): unknown {
  if (!(error instanceof StoreError) || error.code !== 'NotFound') return error;
  const what = isDigest(reference) ? `no manifest ${reference}` : `no tag ${reference}`;
  const message = `${repositoryHost(repository)} has ${what} in ${repository}: ${error.message}`;
  return new StoreError('NotFound', message, { cause: error });
}

/** A registry without HEAD answers 405 or another status. Then a GET is sent. */
function toUndefinedWithoutHead(error: unknown): undefined {
  if (error instanceof StoreError && error.code === 'StatusUnexpected') return undefined;
  throw error;
}

/** The tag becomes part of a URL's path. */
function checkTag(repository: Repository, text: string): string {
  const { tag } = parseReference(`${repository}:${text}`);
  if (tag === text) return text;
  throw new InputError('PullspecInvalid', `${JSON.stringify(text.slice(0, 160))} is neither a digest nor a tag`);
}

function toContentDigest({ headers }: HttpResponse): string | undefined {
  const value = headers['docker-content-digest'];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Adds the URL to the error of its answer. */
function naming<T>({ url }: HttpResponse, judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new StoreError(error.code, `${toShownUrl(url)}: ${error.message}`, { cause: error });
  }
}

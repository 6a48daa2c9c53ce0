import { isJsonObject, type JsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import type { RegistryRequests } from './registry-requests.ts';

/** A referrer of a manifest, as a registry lists it. The list is untrusted, so its content is read by digest. */
export interface UntrustedDescriptor {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | undefined;
}

export const INDEX_MEDIA_TYPE = 'application/vnd.oci.image.index.v1+json';
const MAX_INDEX_BYTES = 4 * 1024 * 1024;
/** Pages of one list, and descriptors on all of them. Everyone who may push can add to it. */
export const MAX_REFERRER_PAGES = 8;
export const MAX_REFERRERS = 512;

/**
 * GET /v2/<name>/referrers/<digest> (OCI distribution 1.1), all pages.
 *
 * @returns undefined for a registry without this API
 * @throws StoreError as the registry client does; `BodyInvalid` for what is no index, `LimitExceeded`
 */
export async function listReferrers(
  requests: RegistryRequests,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly UntrustedDescriptor[] | undefined> {
  const base = `referrers/${digest}`;
  const found: UntrustedDescriptor[] = [];
  let path: string | undefined = base;
  for (let page = 0; path !== undefined; page += 1) {
    if (page === MAX_REFERRER_PAGES) throw tooMany(repository, digest);
    const request = { repository, path, method: 'GET', accept: INDEX_MEDIA_TYPE, limitBytes: MAX_INDEX_BYTES } as const;
    // Only a missing first page means that there is no API. A missing later page could have held the answer.
    const asking = requests.ask({ ...request, signal });
    const response = await (page === 0 ? asking.catch(toUndefinedWithoutApi) : asking.catch(toMissingPage));
    if (response === undefined) return undefined;
    const name = `${repository}: the list of what refers to ${digest}`;
    const type = header(response.headers, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
    if (type !== INDEX_MEDIA_TYPE) throw invalid(name, 'is not an index by its media type');
    found.push(...parseDescriptors(response.bytes, name));
    if (found.length > MAX_REFERRERS) throw tooMany(repository, digest);
    path = toNextPath(header(response.headers, 'link'), response.url, { base, name });
  }
  return found;
}

/** Descriptors of an OCI index. @throws StoreError `BodyInvalid` */
export function parseDescriptors(untrustedBytes: Uint8Array, name: string): readonly UntrustedDescriptor[] {
  const index = parseObject(untrustedBytes, name);
  const manifests = index['manifests'];
  if (index['schemaVersion'] !== 2 || !Array.isArray(manifests)) throw invalid(name, 'is not an index');
  return manifests.map((entry) => {
    const { digest, mediaType, artifactType }: JsonObject = isJsonObject(entry) ? entry : {};
    if (typeof digest !== 'string' || !isDigest(digest) || typeof mediaType !== 'string') {
      throw invalid(name, 'has a descriptor without digest or media type');
    }
    return { digest, mediaType, artifactType: typeof artifactType === 'string' ? artifactType : undefined };
  });
}

function parseObject(bytes: Uint8Array, name: string): JsonObject {
  try {
    const value = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (isJsonObject(value)) return value;
  } catch (cause) {
    throw invalid(name, 'is not strict JSON', cause);
  }
  throw invalid(name, 'is not an object');
}

/** The same list's next page. @throws StoreError `BodyInvalid` for one that is not at the same path of the same registry */
function toNextPath(
  link: string | undefined,
  answered: URL,
  { base, name }: { readonly base: string; readonly name: string },
): string | undefined {
  const target = /<([^<>]*)>\s*;[^,]*rel="?next"?/.exec(link ?? '')?.[1];
  if (target === undefined) return undefined;
  const next = URL.parse(target, answered.href);
  // No other place is contacted, and an incomplete list does not show that anything is absent.
  if (next === null || next.origin !== answered.origin || next.pathname !== answered.pathname) {
    throw invalid(name, 'continues at another place');
  }
  return `${base}${next.search}`;
}

function toMissingPage(error: unknown): never {
  if (!(error instanceof StoreError) || error.code !== 'NotFound') throw error;
  throw new StoreError('BodyInvalid', `a page of the list is missing: ${error.message}`, { cause: error });
}

function toUndefinedWithoutApi(error: unknown): undefined {
  if (error instanceof StoreError && error.code === 'NotFound') return undefined;
  throw error;
}

function header(headers: Readonly<Record<string, string | string[] | undefined>>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function tooMany(repository: Repository, digest: Digest): StoreError {
  return new StoreError('LimitExceeded', `${repository}@${digest} has more than ${MAX_REFERRERS} referrers`);
}

function invalid(name: string, fault: string, cause?: unknown): StoreError {
  return new StoreError('BodyInvalid', `${name} ${fault}`, cause === undefined ? {} : { cause });
}

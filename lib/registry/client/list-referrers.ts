import { isJsonObject, type JsonObject } from '../../base/documents/json-value.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { parseObject } from './registry-answers.ts';
import type { RegistryRequests } from './registry-requests.ts';

/** A referrer of a manifest, as a registry lists it. The list is untrusted, so its content is read by digest. */
export interface UntrustedDescriptor {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | undefined;
}

export const INDEX_MEDIA_TYPE = 'application/vnd.oci.image.index.v1+json';
const MAX_INDEX_BYTES = 4 * 1024 * 1024;
/** Pages of one list, and descriptors on all of them. Everyone who may push can add to it; no more are read. */
export const MAX_REFERRER_PAGES = 8;
export const MAX_REFERRERS = 512;

/** The readable part of a list, in its order. */
export interface ReferrerList {
  readonly descriptors: readonly UntrustedDescriptor[];
  /** Why the rest is not known; undefined for a whole list. */
  readonly fault?: StoreError | undefined;
}

/**
 * GET /v2/<name>/referrers/<digest> (OCI distribution 1.1), all pages. A fault of a later page, and a list that is too long,
 * hide nothing of what comes before: they are the fault of the list.
 *
 * @returns undefined for a registry without this API
 * @throws StoreError as the registry client does for the first page; `BodyInvalid` for one that is no index
 */
export async function listReferrers(
  requests: Pick<RegistryRequests, 'ask'>,
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<ReferrerList | undefined> {
  const base = `referrers/${digest}`;
  const found: UntrustedDescriptor[] = [];
  let fault: StoreError | undefined;
  let path: string | undefined = base;
  for (let page = 0; path !== undefined; page += 1) {
    try {
      if (page === MAX_REFERRER_PAGES) throw tooMany(repository, digest);
      const read: ReadPage | undefined = await readPage(requests, { repository, digest, base, path, page }, signal);
      if (read === undefined) return undefined;
      fault ??= read.fault;
      found.push(...read.descriptors);
      if (found.length > MAX_REFERRERS) throw tooMany(repository, digest);
      path = read.next;
    } catch (error) {
      signal.throwIfAborted();
      if (page === 0 && found.length === 0) throw error;
      if (!(error instanceof StoreError)) throw error;
      return { descriptors: found.slice(0, MAX_REFERRERS), fault: error };
    }
  }
  return { descriptors: found, ...(fault === undefined ? {} : { fault }) };
}

interface Page {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly base: string;
  readonly path: string;
  readonly page: number;
}

interface ReadPage extends ReferrerList {
  readonly next: string | undefined;
}

/** Undefined for a registry without this API: only a missing first page means that. */
async function readPage(
  requests: Pick<RegistryRequests, 'ask'>,
  { repository, digest, base, path, page }: Page,
  signal: AbortSignal,
): Promise<ReadPage | undefined> {
  const request = { repository, path, method: 'GET', accept: INDEX_MEDIA_TYPE, limitBytes: MAX_INDEX_BYTES } as const;
  const asking = requests.ask({ ...request, signal });
  const response = await (page === 0 ? asking.catch(toUndefinedWithoutApi) : asking.catch(toMissingPage));
  if (response === undefined) return undefined;
  const name = `${repository}: the list of what refers to ${digest}`;
  const type = header(response.headers, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== INDEX_MEDIA_TYPE) throw invalid(name, 'is not an index by its media type');
  const list = parseDescriptors(response.bytes, name);
  return { ...list, ...toNext(header(response.headers, 'link'), response.url, { base, name }) };
}

/** Descriptors of an OCI index. One that cannot be read is a fault, and hides no other. @throws StoreError `BodyInvalid` */
export function parseDescriptors(untrustedBytes: Uint8Array, name: string): ReferrerList {
  const index = parseObject(untrustedBytes, name);
  const manifests = index['manifests'];
  if (index['schemaVersion'] !== 2 || !Array.isArray(manifests)) throw invalid(name, 'is not an index');
  const descriptors = manifests.flatMap((entry) => {
    const { digest, mediaType, artifactType }: JsonObject = isJsonObject(entry) ? entry : {};
    if (typeof digest !== 'string' || !isDigest(digest) || typeof mediaType !== 'string') return [];
    return [{ digest, mediaType, artifactType: typeof artifactType === 'string' ? artifactType : undefined }];
  });
  if (descriptors.length === manifests.length) return { descriptors };
  return { descriptors, fault: invalid(name, 'has a descriptor without digest or media type') };
}

/** The same list's next page; a fault for one that is not at the same path of the same registry. */
function toNext(
  link: string | undefined,
  answered: URL,
  { base, name }: { readonly base: string; readonly name: string },
): Pick<ReadPage, 'next' | 'fault'> {
  const target = findNextTarget(link ?? '');
  if (target === undefined) return { next: undefined };
  const next = URL.parse(target, answered.href);
  // No other place is contacted, and an incomplete list does not show that anything is absent.
  if (next === null || next.origin !== answered.origin || next.pathname !== answered.pathname) {
    return { next: undefined, fault: invalid(name, 'continues at another place') };
  }
  return { next: `${base}${next.search}` };
}

/** The target of a `Link` header (RFC 8288) that says `rel=next`. */
function findNextTarget(link: string): string | undefined {
  for (const part of link.split('<').slice(1)) {
    const end = part.indexOf('>');
    const [parameters = ''] = part.slice(end + 1).split(',', 1);
    if (end >= 0 && /^\s*;/.test(parameters) && /rel="?next"?/.test(parameters)) return part.slice(0, end);
  }
  return undefined;
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
  return new StoreError(
    'LimitExceeded',
    `${repository}@${digest} has more than ${MAX_REFERRERS} referrers; no further one is read`,
  );
}

function invalid(name: string, fault: string, cause?: unknown): StoreError {
  return new StoreError('BodyInvalid', `${name} ${fault}`, cause === undefined ? {} : { cause });
}

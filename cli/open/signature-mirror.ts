import { parseStrictJson, StrictJsonError } from '../../lib/base/documents/parse-strict-json.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { Digest } from '../../lib/base/names/digest.ts';
import type { SignatureObjects } from '../../lib/cluster/render/list-held.ts';
import { holdConfigMaps, holdSignatures } from '../../lib/cluster/sync/memory-mirror.ts';
import type { HttpSender } from '../../lib/platform/http/http-client.ts';
import { checkHttpUrl, isUrlLike, toShownScheme, toShownUrl } from '../../lib/platform/http/http-url.ts';
import { retryRequest, toRetryAfterSeconds } from '../../lib/platform/time/retries.ts';
import { parseSignatureConfigMaps, type SignatureConfigMap } from '../../lib/stores/config-map-store.ts';
import { createHttpReleaseStore } from '../../lib/stores/numbered-stores.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import type { StoreOptions } from '../shell/options.ts';
import { readApiToken } from './api-token.ts';
import { openClient, openSource } from './stores.ts';

interface MirrorRequest extends Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'> {
  /** A folder, a bucket, the address of a service, or a store that a service or a web server has. */
  readonly from: string;
  readonly profile?: string | undefined;
  /** What a store is asked for, which cannot be listed. */
  readonly digests: readonly Digest[];
  readonly storeAccess: PreparedTrust['storeAccess'];
  readonly signal: AbortSignal;
}

/** Bytes of one page of a service's answer, and pages that are read. */
const MAX_PAGE_BYTES = 6 * 1024 * 1024;
const MAX_PAGES = 64;
const PAGE_TIMEOUT_MS = 30_000;

/** All that a mirror holds; over HTTP, read whole. Not trusted. @throws InputError, StoreError that name `--from` */
export async function openSignatureMirror(request: MirrorRequest): Promise<SignatureObjects> {
  try {
    const url = toHttpUrl(request.from);
    return url === undefined ? await openSource(request.from) : await readOverHttp(url, request);
  } catch (cause) {
    if (cause instanceof InputError) throw new InputError(cause.code, `--from: ${cause.message}`, { cause });
    if (cause instanceof StoreError) throw new StoreError(cause.code, `--from: ${cause.message}`, { cause });
    throw cause;
  }
}

/** Undefined for a folder or a bucket. @throws InputError, which repeats no password */
function toHttpUrl(from: string): URL | undefined {
  if (!isUrlLike(from) || from.startsWith('s3://')) return undefined;
  const url = URL.parse(from);
  if (url === null) throw new InputError('ArgumentInvalid', `${toShownScheme(from)} is not a URL`);
  try {
    checkHttpUrl(url);
  } catch (cause) {
    throw new InputError('ArgumentInvalid', cause instanceof Error ? cause.message : String(cause), { cause });
  }
  return url;
}

async function readOverHttp(url: URL, request: MirrorRequest): Promise<SignatureObjects> {
  const { digests, signal, storeAccess } = request;
  const isService = url.pathname === '/' && url.search === '';
  if (!isService && digests.length === 0) {
    const reason = `${toShownUrl(url)} is a signature store, which cannot be listed`;
    throw new InputError(
      'ArgumentInvalid',
      `${reason}: name the releases with --digest or --graph, or a service alone`,
    );
  }
  const client = await openClient(request, storeAccess);
  try {
    if (!isService) return await holdSignatures(createHttpReleaseStore(client, url), digests, signal);
    return await holdConfigMaps(await readService(client, url, request), toShownUrl(url), signal);
  } finally {
    client.close();
  }
}

/** Every page of what a service renders: of one that is not whole, what is left out would be removed from the cluster. */
async function readService(
  client: HttpSender,
  url: URL,
  { profile, signal }: MirrorRequest,
): Promise<readonly SignatureConfigMap[]> {
  const configMaps: SignatureConfigMap[] = [];
  let after: string | undefined;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const question = { ...(profile === undefined ? {} : { profile }), ...(after === undefined ? {} : { after }) };
    const answer = await retryRequest(() => askService(client, url, question, signal), signal);
    configMaps.push(...answer.configMaps);
    if (answer.next === undefined) return configMaps;
    after = answer.next;
  }
  throw new StoreError('LimitExceeded', `${toShownUrl(url)}: more than ${MAX_PAGES} pages of ConfigMaps`);
}

async function askService(client: HttpSender, base: URL, question: object, signal: AbortSignal) {
  const url = new URL('/v1/configmaps', base);
  const content = { type: 'application/json', bytes: Buffer.from(JSON.stringify(question)) };
  const { status, headers, bytes } = await client.send(url.href, {
    method: 'POST',
    content,
    accept: 'application/json',
    headers: await readApiToken(),
    signal,
    limitBytes: MAX_PAGE_BYTES,
    timeoutMs: PAGE_TIMEOUT_MS,
  });
  const shown = toShownUrl(url);
  if (status === 429 || status >= 500) {
    const retryAfterSeconds = toRetryAfterSeconds(headers['retry-after']);
    throw new StoreError('Unavailable', `${shown} answered ${status}`, { retryAfterSeconds });
  }
  if (status !== 200) throw new StoreError('StatusUnexpected', `${shown} answered ${status}`);
  const next = headers['signet-next'];
  return { configMaps: parsePage(shown, bytes), next: typeof next === 'string' ? next : undefined };
}

function parsePage(shown: string, bytes: Uint8Array): readonly SignatureConfigMap[] {
  try {
    return parseSignatureConfigMaps([parseStrictJson(Buffer.from(bytes).toString('utf8'))]);
  } catch (cause) {
    if (!(cause instanceof StrictJsonError)) throw cause;
    throw new StoreError('BodyInvalid', `${shown}: the answer is not JSON: ${cause.message}`, { cause });
  }
}

import * as v from 'valibot';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { type Repository, repositoryHost, repositoryPath } from '../../base/names/reference.ts';
import { type EcrRegistry, parseEcrHost, toEcrDomain } from '../../base/names/registry-host.ts';
import { toAwsStoreError } from '../../platform/aws/aws-fault.ts';
import type { AwsSettings } from '../../platform/aws/aws-settings.ts';
import { toEcrEndpoint } from '../../platform/aws/endpoints.ts';
import { AwsRequestError, createSignedSender } from '../../platform/aws/signed-request.ts';
import type { HttpSender } from '../../platform/http/http-client.ts';
import { untilAborted } from '../../platform/time/deadline.ts';
import { MAX_REFERRERS, type ReferrerList } from '../client/list-referrers.ts';
import { checkManifest, MANIFEST_MEDIA_TYPES, toManifestMediaType, verifyContent } from '../client/registry-answers.ts';
import { MAX_MANIFEST_BYTES, type Manifest, type RegistryClient } from '../client/registry-client.ts';

/** Reads repositories of Amazon ECR by AWS's own API, as a role may. */
export interface EcrReader extends Pick<RegistryClient, 'resolveTag' | 'readManifest'> {
  /** The same client, which reads those repositories by this API; their blobs are fetched by `http`. */
  extend(client: RegistryClient, http: HttpSender, isRead: (repository: Repository) => boolean): RegistryClient;
}

const TARGET = 'AmazonEC2ContainerRegistry_V20150921';
const REQUEST_TIMEOUT_MS = 5000;
/** A manifest is text in JSON, so that it may take twice its bytes. */
const MAX_ANSWER_BYTES = 2 * MAX_MANIFEST_BYTES + 64 * 1024;
/** Referrers that ECR gives at a time. */
const MAX_RESULTS = 50;
const MAX_PAGES = Math.ceil(MAX_REFERRERS / MAX_RESULTS);

const text = v.optional(v.nullable(v.string()));
const Images = v.object({
  images: v.optional(
    v.array(
      v.object({
        imageId: v.optional(v.object({ imageDigest: text })),
        imageManifest: text,
        imageManifestMediaType: text,
      }),
    ),
  ),
  failures: v.optional(v.array(v.object({ failureCode: text }))),
});
const Referrers = v.object({
  referrers: v.optional(v.array(v.object({ digest: text, mediaType: text, artifactType: text })), []),
  nextToken: text,
});
const Download = v.object({ downloadUrl: v.string() });

/**
 * Reads Amazon ECR by AWS's own API, which can be granted to a role by repository: a token of the registry's API needs a
 * grant on all of them. All content is compared with its digest as well.
 *
 * @param readSettings the region in them is not used: a repository's host names its own
 */
export function createEcrReader(readSettings: () => AwsSettings, timeoutMs = REQUEST_TIMEOUT_MS): EcrReader {
  async function call<Output>(
    operation: string,
    repository: Repository,
    { input, place, signal }: { readonly input: object; readonly place: string; readonly signal: AbortSignal },
    schema: v.GenericSchema<unknown, Output>,
  ): Promise<Output> {
    const { registryId, region } = toEcrRegistry(repository);
    const settings = { ...readSettings(), region };
    const send = createSignedSender({ ...settings, service: 'ecr', timeoutMs });
    const url = toEcrEndpoint(settings);
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${TARGET}.${operation}` };
    const body = Buffer.from(JSON.stringify({ registryId, repositoryName: repositoryPath(repository), ...input }));
    const sending = send({ method: 'POST', url, headers, body, limitBytes: MAX_ANSWER_BYTES });
    const { bytes } = await untilAborted(sending, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error instanceof AwsRequestError ? toFailure(place, error) : error;
    });
    const answer = v.safeParse(schema, parseAnswer(bytes));
    if (!answer.success) throw new StoreError('Unavailable', `${place}: ECR answered something else than ${operation}`);
    return answer.output;
  }

  async function readManifest(repository: Repository, reference: string, signal: AbortSignal): Promise<Manifest> {
    const place = `${repository} at ${reference}`;
    const asked = isDigest(reference) ? reference : undefined;
    const imageIds = [asked === undefined ? { imageTag: reference } : { imageDigest: asked }];
    const input = { imageIds, acceptedMediaTypes: [...MANIFEST_MEDIA_TYPES] };
    const { images, failures } = await call('BatchGetImage', repository, { input, place, signal }, Images);
    const [image] = images ?? [];
    // An answer with neither an image nor a failure does not show that the image is absent.
    if (typeof image?.imageManifest !== 'string') {
      const code = failures?.[0]?.failureCode ?? 'neither an image nor a failure';
      throw new StoreError(code === 'ImageNotFound' ? 'NotFound' : 'Unavailable', `${place}: ${code}`);
    }
    const bytes = new TextEncoder().encode(image.imageManifest);
    if (bytes.length > MAX_MANIFEST_BYTES) {
      throw new StoreError('LimitExceeded', `${place}: longer than ${MAX_MANIFEST_BYTES} bytes`);
    }
    const mediaType = toManifestMediaType(image.imageManifestMediaType ?? undefined);
    if (mediaType === undefined) throw new StoreError('BodyInvalid', `${place}: not a manifest by its media type`);
    const digest = verifyContent(bytes, { asked, header: image.imageId?.imageDigest ?? undefined });
    checkManifest(bytes, mediaType);
    return { bytes, mediaType, digest };
  }

  /** All pages; a fault of a later one, and a list that is too long, hide nothing of what comes before. */
  async function listReferrers(
    repository: Repository,
    digest: Digest,
    signal: AbortSignal,
  ): Promise<ReferrerList | undefined> {
    const place = `${repository}: the list of what refers to ${digest}`;
    const found: ReferrerList['descriptors'][number][] = [];
    let fault: StoreError | undefined;
    let nextToken: string | undefined;
    for (let page = 0; page === 0 || nextToken !== undefined; page += 1) {
      if (page === MAX_PAGES) return { descriptors: found, fault: tooMany(place) };
      const input = { subjectId: { imageDigest: digest }, maxResults: MAX_RESULTS, nextToken };
      try {
        const answer = await call('ListImageReferrers', repository, { input, place, signal }, Referrers);
        for (const { digest: named, mediaType, artifactType } of answer.referrers) {
          if (typeof named === 'string' && isDigest(named) && typeof mediaType === 'string') {
            found.push({ digest: named, mediaType, artifactType: artifactType ?? undefined });
          } else fault ??= new StoreError('BodyInvalid', `${place} has an entry without digest or media type`);
        }
        if (found.length > MAX_REFERRERS) return { descriptors: found.slice(0, MAX_REFERRERS), fault: tooMany(place) };
        nextToken = answer.nextToken ?? undefined;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StoreError)) throw error;
        if (page > 0) return { descriptors: found, fault: error };
        if (isWithoutOperation(error)) return undefined;
        throw error;
      }
    }
    return { descriptors: found, ...(fault === undefined ? {} : { fault }) };
  }

  const resolveTag: RegistryClient['resolveTag'] = async (...asked) => (await readManifest(...asked)).digest;

  return {
    readManifest,
    resolveTag,
    extend(client, http, isRead) {
      const readBlob: RegistryClient['readBlob'] = async (repository, digest, { limitBytes, signal }) => {
        const place = `${repository} at ${digest}`;
        const input = { layerDigest: digest };
        const { downloadUrl } = await call('GetDownloadUrlForLayer', repository, { input, place, signal }, Download);
        const url = parseDownloadUrl(downloadUrl, repository, place);
        const options = { method: 'GET', accept: '*/*', limitBytes, signal, checkRedirect: refuseRedirect } as const;
        const { status, bytes } = await http.send(url.href, options);
        // The URL is a key to the layer: no message shows more of it than its host.
        if (status !== 200) throw new StoreError('Unavailable', `${place}: ${url.host} answered HTTP status ${status}`);
        verifyContent(bytes, { asked: digest, header: undefined });
        return bytes;
      };
      const own: RegistryClient = {
        ...client,
        readManifest,
        resolveTag,
        readBlob,
        listReferrers,
        readSignatureExtension: async () => undefined,
      };
      const of = (repository: Repository): RegistryClient => (isRead(repository) ? own : client);
      return {
        ...client,
        readManifest: (repository, ...others) => of(repository).readManifest(repository, ...others),
        resolveTag: (repository, ...others) => of(repository).resolveTag(repository, ...others),
        readBlob: (repository, ...others) => of(repository).readBlob(repository, ...others),
        listReferrers: (repository, ...others) => of(repository).listReferrers(repository, ...others),
        readSignatureExtension: (repository, ...others) => of(repository).readSignatureExtension(repository, ...others),
      };
    },
  };
}

function toEcrRegistry(repository: Repository): EcrRegistry {
  const registry = parseEcrHost(repositoryHost(repository));
  if (registry === undefined) throw new StoreError('NotAllowed', `${repository} is not in a registry of Amazon ECR`);
  return registry;
}

function parseAnswer(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

const ABSENT: ReadonlySet<string> = new Set(['RepositoryNotFoundException', 'LayersNotFoundException']);
/** What services of the JSON protocols answer to an operation that they have not. */
const NO_OPERATION: ReadonlySet<string> = new Set(['UnknownOperationException', 'InvalidAction']);

function toFailure(place: string, cause: AwsRequestError): StoreError {
  const { code = '', status } = cause.fault;
  const { message } = toAwsStoreError(cause.fault, place);
  if (ABSENT.has(code)) return new StoreError('NotFound', message, { cause });
  const isDenied = /AccessDenied|NotAuthorized/.test(code) || (status === 403 && code === '');
  return new StoreError(isDenied ? 'AccessDenied' : 'Unavailable', message, { cause });
}

/** ECR in a region or a partition that is not that far. */
function isWithoutOperation({ cause }: StoreError): boolean {
  return cause instanceof AwsRequestError && NO_OPERATION.has(cause.fault.code ?? '');
}

/** S3 of the registry's own partition, by HTTPS. @throws StoreError */
function parseDownloadUrl(untrustedUrl: string, repository: Repository, place: string): URL {
  const domain = toEcrDomain(toEcrRegistry(repository).region) ?? '';
  const url = URL.parse(untrustedUrl);
  const isOfAws = url?.protocol === 'https:' && url.username === '' && url.hostname.endsWith(`.${domain}`);
  if (url !== null && isOfAws) return url;
  throw new StoreError('RedirectRefused', `${place}: ECR names no https URL of ${domain} for it`);
}

function refuseRedirect(from: URL, to: URL): void {
  if (from.origin !== to.origin) throw new StoreError('RedirectRefused', `${from.host} redirects to ${to.host}`);
}

function tooMany(place: string): StoreError {
  return new StoreError('LimitExceeded', `${place}: more than ${MAX_REFERRERS}; no further one is read`);
}

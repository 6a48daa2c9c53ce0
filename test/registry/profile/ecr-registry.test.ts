import { afterEach, describe, expect, test } from 'vitest';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { parseRepository, type Repository } from '../../../lib/base/names/reference.ts';
import { parseEcrHost } from '../../../lib/base/names/registry-host.ts';
import type { AwsSettings } from '../../../lib/platform/aws/aws-settings.ts';
import type { HttpResponse, HttpSender } from '../../../lib/platform/http/http-client.ts';
import { MAX_REFERRERS } from '../../../lib/registry/client/list-referrers.ts';
import { MANIFEST_MEDIA_TYPES } from '../../../lib/registry/client/registry-answers.ts';
import { MAX_MANIFEST_BYTES, type RegistryClient } from '../../../lib/registry/client/registry-client.ts';
import { createEcrReader } from '../../../lib/registry/profile/ecr-registry.ts';
import { type AwsAnswer, type AwsApi, startAwsApi } from '../../support/servers/start-aws-api.ts';
import {
  codeOf,
  DOCKER_MANIFEST,
  errorOf,
  makeManifest,
  OCI_INDEX,
  OCI_MANIFEST,
  toDigest,
} from '../client/registry-setup.ts';

const HOST = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const REPOSITORY = parseRepository(`${HOST}/team/app`);
const MANIFEST = makeManifest();
const DIGEST = toDigest(MANIFEST);
const SHA512 = toDigest(MANIFEST, 'sha512');
const { signal } = new AbortController();
/** For an answer that never comes. */
const SILENCE_MS = 100;

let api: AwsApi | undefined;
afterEach(() => api?.close());

async function open(answer: AwsAnswer) {
  api = await startAwsApi(() => answer);
  return {
    manifests: createEcrReader(() => toSettings(api), answer === 'silence' ? SILENCE_MS : undefined),
    requests: api.requests,
    regions: api.regions,
  };
}

/** Of a function in another region than the registries. */
function toSettings(server: AwsApi | undefined): AwsSettings {
  const urls = server === undefined ? {} : { ecr: server.client.endpoint };
  const { credentials } = server?.client ?? { credentials: { accessKeyId: '', secretAccessKey: '' } };
  return { region: 'us-east-1', credentials, endpoints: { urls, useFips: false, useDualStack: false } };
}

interface Image {
  readonly text?: string | undefined;
  readonly mediaType?: string | undefined;
  readonly imageDigest?: string | undefined;
}

function toAnswer({
  text = MANIFEST.toString(),
  mediaType = OCI_MANIFEST,
  imageDigest = DIGEST,
}: Image = {}): AwsAnswer {
  const imageId = { imageDigest: imageDigest === '' ? undefined : imageDigest };
  const image = { repositoryName: 'team/app', imageId, imageManifest: text, imageManifestMediaType: mediaType };
  return { body: JSON.stringify({ images: [image], failures: [] }) };
}

function toFailure(failureCode: string): AwsAnswer {
  return { body: JSON.stringify({ images: [], failures: [{ failureCode, failureReason: 'because' }] }) };
}

function toFault(type: string, status = 400): AwsAnswer {
  return { status, body: JSON.stringify({ __type: type, message: `${type} happened` }) };
}

describe('a manifest of ECR', () => {
  test('is asked for by account, region, repository and digest', async () => {
    const { manifests, regions, requests } = await open(toAnswer());
    const read = await manifests.readManifest(REPOSITORY, DIGEST, signal);
    expect(read).toEqual({ bytes: Uint8Array.from(MANIFEST), mediaType: OCI_MANIFEST, digest: DIGEST });
    expect(regions).toEqual(['eu-central-1']);
    expect(requests.map(({ target, body }) => [target, JSON.parse(body) as unknown])).toEqual([
      [
        'AmazonEC2ContainerRegistry_V20150921.BatchGetImage',
        {
          registryId: '123456789012',
          repositoryName: 'team/app',
          imageIds: [{ imageDigest: DIGEST }],
          acceptedMediaTypes: [...MANIFEST_MEDIA_TYPES],
        },
      ],
    ]);
  });

  test('is asked for by tag, always anew, and named by the digest of what came', async () => {
    const { manifests, requests } = await open(toAnswer());
    expect(await manifests.resolveTag(REPOSITORY, 'v1', signal)).toBe(DIGEST);
    expect(await manifests.resolveTag(REPOSITORY, 'v1', signal)).toBe(DIGEST);
    expect(requests.map(({ body }) => (JSON.parse(body) as { imageIds: unknown }).imageIds)).toEqual([
      [{ imageTag: 'v1' }],
      [{ imageTag: 'v1' }],
    ]);
  });

  test('of two regions is asked for in each', async () => {
    const { manifests, regions } = await open(toAnswer());
    const other = parseRepository('123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/team/app');
    await manifests.readManifest(REPOSITORY, DIGEST, signal);
    await manifests.readManifest(other, DIGEST, signal);
    expect(regions).toEqual(['eu-central-1', 'cn-north-1']);
  });

  const index = makeManifest(OCI_INDEX).toString();
  const long = JSON.stringify({ config: {}, layers: [], pad: 'x'.repeat(MAX_MANIFEST_BYTES) });
  test.each<[name: string, answer: AwsAnswer, asked: string, expected: string]>([
    ['by digest', toAnswer(), DIGEST, 'answered'],
    ['by SHA-512', toAnswer(), SHA512, 'answered'],
    ['by tag', toAnswer(), 'v1', 'answered'],
    ['an answer that names no digest', toAnswer({ imageDigest: '' }), 'v1', 'answered'],
    ['an index', toAnswer({ text: index, mediaType: OCI_INDEX, imageDigest: toDigest(index) }), 'v1', 'answered'],
    [
      'other content than was asked for',
      toAnswer({ text: index, mediaType: OCI_INDEX, imageDigest: '' }),
      DIGEST,
      'ContentMismatch',
    ],
    ['a byte more', toAnswer({ text: `${MANIFEST.toString()}\n` }), DIGEST, 'ContentMismatch'],
    [
      'another digest beside the content, by digest',
      toAnswer({ imageDigest: toDigest('x') }),
      DIGEST,
      'ContentMismatch',
    ],
    ['another digest beside the content, by tag', toAnswer({ imageDigest: toDigest('x') }), 'v1', 'ContentMismatch'],
    ['a digest that is none', toAnswer({ imageDigest: 'sha256:1' }), 'v1', 'ContentMismatch'],
    ['no such image', toFailure('ImageNotFound'), DIGEST, 'NotFound'],
    ['no such tag', toFailure('ImageNotFound'), 'v1', 'NotFound'],
    ['a tag of another digest', toFailure('ImageTagDoesNotMatchDigest'), 'v1', 'Unavailable'],
    ['an upstream of a pull-through cache out of reach', toFailure('UpstreamUnavailable'), 'v1', 'Unavailable'],
    // It does not say that there is none.
    ['neither an image nor a failure', { body: '{"images":[],"failures":[]}' }, DIGEST, 'Unavailable'],
    ['nothing', { body: '{}' }, DIGEST, 'Unavailable'],
    ['an image without its manifest', { body: '{"images":[{}]}' }, DIGEST, 'Unavailable'],
    ['no such repository', toFault('RepositoryNotFoundException'), DIGEST, 'NotFound'],
    ['not granted', toFault('AccessDeniedException'), DIGEST, 'AccessDenied'],
    ['credentials that are no longer good', toFault('ExpiredTokenException'), DIGEST, 'Unavailable'],
    ['too many requests', toFault('ThrottlingException'), DIGEST, 'Unavailable'],
    ['a failure of theirs', toFault('ServerException', 500), DIGEST, 'Unavailable'],
    ['a gateway', { status: 502, body: '<html></html>' }, DIGEST, 'Unavailable'],
    ['HTML with 200', { body: '<html></html>' }, DIGEST, 'Unavailable'],
    ['no answer', 'silence', DIGEST, 'Unavailable'],
    ['another media type', toAnswer({ mediaType: 'text/html' }), DIGEST, 'BodyInvalid'],
    [
      'the old schema 1',
      toAnswer({ mediaType: 'application/vnd.docker.distribution.manifest.v1+json' }),
      DIGEST,
      'BodyInvalid',
    ],
    ['no media type', toAnswer({ mediaType: '' }), DIGEST, 'BodyInvalid'],
    ['a media type that its content denies', toAnswer({ mediaType: DOCKER_MANIFEST }), DIGEST, 'BodyInvalid'],
    ['an index said to be a manifest', toAnswer({ text: index, imageDigest: toDigest(index) }), 'v1', 'BodyInvalid'],
    ['what is not JSON', toAnswer({ text: 'x', imageDigest: toDigest('x') }), 'v1', 'BodyInvalid'],
    ['a manifest beyond the limit', toAnswer({ text: long, imageDigest: toDigest(long) }), 'v1', 'LimitExceeded'],
  ])('%s', async (_, answer, asked, expected) => {
    const { manifests } = await open(answer);
    expect(await codeOf(manifests.readManifest(REPOSITORY, asked, signal))).toBe(expected);
  });

  test('a failure names the image', async () => {
    const { manifests } = await open(toFault('AccessDeniedException'));
    expect(await errorOf(manifests.readManifest(REPOSITORY, DIGEST, signal))).toMatchObject({
      message: `${REPOSITORY} at ${DIGEST} failed: 400 AccessDeniedException`,
    });
  });

  test('who gives up is told their own reason', async () => {
    const { manifests } = await open('silence');
    const reason = new Error('enough');
    expect(await errorOf(manifests.readManifest(REPOSITORY, DIGEST, AbortSignal.abort(reason)))).toBe(reason);
  });

  test('a repository of any other registry is not asked for', async () => {
    const { manifests, requests } = await open(toAnswer());
    const other = parseRepository(`quay.io/${HOST}/app`);
    expect(await codeOf(manifests.readManifest(other, DIGEST, signal))).toBe('NotAllowed');
    expect(requests).toEqual([]);
  });
});

/** The registry's own API, which must not be called for ECR. */
const untouched: RegistryClient = {
  resolveTag: () => Promise.reject(new Error('the registry was called')),
  readManifest: () => Promise.reject(new Error('the registry was called')),
  readBlob: async () => Buffer.from('of the registry'),
  streamBlob: () => Promise.reject(new Error('the registry was called')),
  listReferrers: () => Promise.reject(new Error('the registry was called')),
  readSignatureExtension: () => Promise.reject(new Error('the registry was called')),
};

interface Fetching {
  readonly body?: string;
  readonly status?: number;
}

/** ECR behind these answers, and S3 that gives this body. */
async function extend(
  answer: (count: number) => AwsAnswer,
  { body = 'payload', status = 200 }: Fetching = {},
  isRead: (repository: Repository) => boolean = () => true,
) {
  api = await startAwsApi((_, count) => answer(count));
  const fetched: string[] = [];
  const http: HttpSender = {
    send: async (url, { limitBytes, headers }): Promise<HttpResponse> => {
      fetched.push(url);
      expect(headers).toBeUndefined();
      expect(limitBytes).toBe(1000);
      return { status, headers: {}, url: new URL(url), bytes: Buffer.from(body) };
    },
  };
  const reader = createEcrReader(() => toSettings(api));
  return { client: reader.extend(untouched, http, isRead), fetched, requests: api.requests };
}

const LAYER = toDigest('payload');
const S3 = 'https://prod-eu-central-1-starport-layer-bucket.s3.eu-central-1.amazonaws.com/layer?X-Amz-Signature=key';
const toUrl = (downloadUrl: string): AwsAnswer => ({ body: JSON.stringify({ downloadUrl, layerDigest: LAYER }) });

describe('a layer of ECR', () => {
  const limits = { limitBytes: 1000, signal };

  test('is fetched where its API says, without a credential', async () => {
    const { client, fetched, requests } = await extend(() => toUrl(S3));
    expect(Buffer.from(await client.readBlob(REPOSITORY, LAYER, limits)).toString()).toBe('payload');
    expect(fetched).toEqual([S3]);
    expect(requests).toMatchObject([{ target: 'AmazonEC2ContainerRegistry_V20150921.GetDownloadUrlForLayer' }]);
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
      registryId: '123456789012',
      repositoryName: 'team/app',
      layerDigest: LAYER,
    });
  });

  test.each<[name: string, answer: AwsAnswer, fetching: Fetching, expected: string]>([
    ['another host', toUrl('https://evil.example/layer'), {}, 'RedirectRefused'],
    ['a host that ends like it', toUrl('https://evil-amazonaws.com/layer'), {}, 'RedirectRefused'],
    ['a host of another partition', toUrl('https://s3.cn-north-1.amazonaws.com.cn/layer'), {}, 'RedirectRefused'],
    ['a user before the host', toUrl('https://s3.amazonaws.com@evil.example/layer'), {}, 'RedirectRefused'],
    ['a user', toUrl('https://user@s3.eu-central-1.amazonaws.com/layer'), {}, 'RedirectRefused'],
    ['without TLS', toUrl('http://s3.eu-central-1.amazonaws.com/layer'), {}, 'RedirectRefused'],
    ['no URL', toUrl('layer'), {}, 'RedirectRefused'],
    ['no answer of its kind', { body: '{}' }, {}, 'Unavailable'],
    ['other bytes', toUrl(S3), { body: 'Payload' }, 'ContentMismatch'],
    ['an URL that has ended', toUrl(S3), { status: 403 }, 'Unavailable'],
    ['a layer that S3 has lost', toUrl(S3), { status: 404 }, 'Unavailable'],
    ['no such layer', toFault('LayersNotFoundException'), {}, 'NotFound'],
    ['a layer out of reach', toFault('LayerInaccessibleException'), {}, 'Unavailable'],
    ['not granted', toFault('AccessDeniedException'), {}, 'AccessDenied'],
  ])('%s', async (_, answer, fetching, expected) => {
    const { client } = await extend(() => answer, fetching);
    expect(await codeOf(client.readBlob(REPOSITORY, LAYER, limits))).toBe(expected);
  });

  test('no message shows the key in its URL', async () => {
    const { client } = await extend(() => toUrl(S3), { status: 403 });
    const shown = String(await errorOf(client.readBlob(REPOSITORY, LAYER, limits)));
    expect(shown).toContain('amazonaws.com');
    expect(shown).not.toContain('Signature');
  });

  test('of a repository that is not read by the API is one of the registry', async () => {
    const { client, requests } = await extend(
      () => toUrl(S3),
      {},
      () => false,
    );
    expect(Buffer.from(await client.readBlob(REPOSITORY, LAYER, limits)).toString()).toBe('of the registry');
    expect(requests).toEqual([]);
  });
});

describe('what refers to an image in ECR', () => {
  const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const toReferrer = (digest: string) => ({ digest, mediaType: OCI_MANIFEST, artifactType: BUNDLE, size: 1 });
  const toPage = (digests: readonly string[], nextToken?: string): AwsAnswer => ({
    body: JSON.stringify({ referrers: digests.map(toReferrer), nextToken }),
  });
  const many = (count: number): readonly Digest[] => Array.from({ length: count }, (_, index) => toDigest(`${index}`));

  test('is listed by its API, page by page', async () => {
    const { client, requests } = await extend((count) =>
      toPage([toDigest(`${count}`)], count < 3 ? `t${count}` : undefined),
    );
    const descriptor = (name: string) => ({ digest: toDigest(name), mediaType: OCI_MANIFEST, artifactType: BUNDLE });
    expect(await client.listReferrers(REPOSITORY, DIGEST, signal)).toEqual({
      descriptors: [descriptor('1'), descriptor('2'), descriptor('3')],
    });
    expect(requests.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      { subjectId: { imageDigest: DIGEST }, maxResults: 50 },
      { nextToken: 't1' },
      { nextToken: 't2' },
    ]);
    expect(await client.readSignatureExtension(REPOSITORY, DIGEST, signal)).toBeUndefined();
  });

  test.each<[name: string, answer: AwsAnswer, expected: string]>([
    ['nothing', { body: '{"referrers":[]}' }, 'answered'],
    ['null in the place of what there is not', { body: '{"referrers":[],"nextToken":null}' }, 'answered'],
    ['no such image', toFault('ImageNotFoundException'), 'Unavailable'],
    ['no such repository', toFault('RepositoryNotFoundException'), 'NotFound'],
    ['not granted', toFault('AccessDeniedException'), 'AccessDenied'],
    ['HTML', { body: '<html></html>' }, 'Unavailable'],
    ['a list of numbers', { body: '{"referrers":[1]}' }, 'Unavailable'],
  ])('%s', async (_, answer, expected) => {
    const { client } = await extend(() => answer);
    expect(await codeOf(client.listReferrers(REPOSITORY, DIGEST, signal))).toBe(expected);
  });

  test.each(['UnknownOperationException', 'InvalidAction'])('%s: the registry lacks the API', async (code) => {
    const { client } = await extend(() => toFault(code));
    expect(await client.listReferrers(REPOSITORY, DIGEST, signal)).toBeUndefined();
  });

  test.each<[name: string, answer: (count: number) => AwsAnswer, found: number, code: string]>([
    [
      'a later page that is denied',
      (count) => (count === 1 ? toPage([DIGEST], 't') : toFault('AccessDenied')),
      1,
      'AccessDenied',
    ],
    [
      'a later page that the API lacks',
      (count) => (count === 1 ? toPage([DIGEST], 't') : toFault('InvalidAction')),
      1,
      'Unavailable',
    ],
    ['an entry without a digest', () => toPage(['x', DIGEST]), 1, 'BodyInvalid'],
    ['pages without end', () => toPage([DIGEST], 't'), 11, 'LimitExceeded'],
    ['too many on a page', () => toPage(many(MAX_REFERRERS + 1)), MAX_REFERRERS, 'LimitExceeded'],
  ])('%s hides nothing of what comes before', async (_, answer, found, code) => {
    const { client } = await extend(answer);
    const list = await client.listReferrers(REPOSITORY, DIGEST, signal);
    expect([list?.descriptors.length, list?.fault?.code]).toEqual([found, code]);
  });
});

describe('parseEcrHost', () => {
  const found = (region: string) => ({ registryId: '123456789012', region });
  test.each<[host: string, expected: object | undefined]>([
    [HOST, found('eu-central-1')],
    ['123456789012.dkr.ecr.us-gov-west-1.amazonaws.com', found('us-gov-west-1')],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', found('cn-north-1')],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com', undefined],
    ['123456789012.dkr.ecr.eu-central-1.amazonaws.com.cn', undefined],
    [`${HOST}.evil.example`, undefined],
    [`${HOST}:8443`, undefined],
    [`${HOST}.`, undefined],
    [`${HOST}\n`, undefined],
    [`evil.${HOST}`, undefined],
    [`evil-${HOST}`, undefined],
    [`1${HOST}`, undefined],
    ['12345678901.dkr.ecr.eu-central-1.amazonaws.com', undefined],
    ['123456789012.dkr.ecr.evil.eu-central-1.amazonaws.com', undefined],
    ['123456789012.dkr.ecr.eu-central-1.evil.amazonaws.com', undefined],
    ['123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil', undefined],
    ['123456789012.dkr.ecr.eu-central-1xamazonaws.com', undefined],
    ['123456789012.dkr.ecr.eu-central-1.evil-amazonaws.com', undefined],
    ['123456789012.dkr.ecr..amazonaws.com', undefined],
    ['123456789012.dkr.ecr.-.amazonaws.com', undefined],
    ['123456789012.dkr.ecr.localhost.amazonaws.com', undefined],
    ['public.ecr.aws', undefined],
    ['', undefined],
  ])('%s', (host, expected) => {
    expect(parseEcrHost(host)).toEqual(expected);
  });
});

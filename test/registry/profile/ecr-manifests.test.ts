import { ECRClient } from '@aws-sdk/client-ecr';
import { afterEach, describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { parseEcrHost } from '../../../lib/base/names/registry-host.ts';
import { MANIFEST_MEDIA_TYPES } from '../../../lib/registry/client/registry-answers.ts';
import { MAX_MANIFEST_BYTES } from '../../../lib/registry/client/registry-client.ts';
import { createEcrManifests } from '../../../lib/registry/profile/ecr-manifests.ts';
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

let api: AwsApi | undefined;
afterEach(() => api?.close());

async function open(answer: AwsAnswer) {
  api = await startAwsApi(() => answer);
  const { client } = api;
  const regions: string[] = [];
  const manifests = createEcrManifests((region) => {
    regions.push(region);
    return new ECRClient({ ...client, region });
  });
  return { manifests, regions, requests: api.requests };
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
    const { manifests, regions, requests } = await open(toAnswer());
    expect(await manifests.resolveTag(REPOSITORY, 'v1', signal)).toBe(DIGEST);
    expect(await manifests.resolveTag(REPOSITORY, 'v1', signal)).toBe(DIGEST);
    expect(requests.map(({ body }) => (JSON.parse(body) as { imageIds: unknown }).imageIds)).toEqual([
      [{ imageTag: 'v1' }],
      [{ imageTag: 'v1' }],
    ]);
    // One client for the region.
    expect(regions).toEqual(['eu-central-1']);
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
      message: `${REPOSITORY} at ${DIGEST}: AccessDeniedException happened`,
    });
  });

  test('who gives up is told their own reason', async () => {
    const { manifests } = await open('silence');
    const reason = new Error('enough');
    expect(await errorOf(manifests.readManifest(REPOSITORY, DIGEST, AbortSignal.abort(reason)))).toBe(reason);
  });

  test('a repository of any other registry is not asked for', async () => {
    const { manifests, regions, requests } = await open(toAnswer());
    const other = parseRepository(`quay.io/${HOST}/app`);
    expect(await codeOf(manifests.readManifest(other, DIGEST, signal))).toBe('NotAllowed');
    expect([regions, requests]).toEqual([[], []]);
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

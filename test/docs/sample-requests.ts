import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DEMO_AUTHORIZATION, DEMO_TOKEN } from '../../demo/demo-webhooks.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { FIXTURE_STORE, fixtureReleases, readFixtureDocuments } from '../support/fixture-releases.ts';
import type { SampleRequest } from '../support/http-event.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import { CLUSTER_TOKEN } from './sample-api.ts';

/** A release that is signed, and mirrored in {@link OBJECTS}. */
export const good = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
export const digest = good.slice(good.indexOf('@') + 1);
const segment = digest.replace(':', '=');
const unmirrored = fixtureReleases.find(({ expected }) => expected === 'KeyUnknown')?.pullspec ?? '';

/** A good release is mirrored in both layouts; of another there is nothing, and the upstream store does not answer. */
async function fillObjects(): Promise<ObjectStore> {
  const objects = createMemoryObjectStore();
  const documents = readFixtureDocuments();
  await publishTrust(objects, await prepareTrust('ocp', documents), documents);
  const signature = await readFile(path.join(FIXTURE_STORE, segment, 'signature-1'));
  await objects.createObject(`signatures/${segment}/signature-1`, signature);
  await objects.createObject(`lookaside/${good.replace(':', '=')}/signature-1`, signature);
  return objects;
}

/** What the functions are asked over: published trust and a mirror, nothing at all, or a store that is out of reach. */
export const OBJECTS: Readonly<Record<'filled' | 'empty' | 'broken', () => Promise<ObjectStore>>> = {
  filled: fillObjects,
  empty: async () => createMemoryObjectStore(),
  broken: async () => createMemoryObjectStore([], { failure: new StoreError('ConnectionFailed', 'refused') }),
};

/** A request, over which objects, and what has to come of it. */
export interface SampleRow extends SampleRequest {
  readonly name: string;
  readonly over?: keyof typeof OBJECTS;
  readonly status: number;
  /** Of the problem document, or the outcome of the verdict. */
  readonly says?: string;
}

const POSTS = ['/v1/pullspecs/check', '/v1/verify', '/v1/verify/forced'];
const JSON_TYPE = { 'content-type': 'application/json' };

const questions: readonly SampleRow[] = POSTS.flatMap((route) => {
  const post = { method: 'POST', path: route } as const;
  const unforced = route.endsWith('/forced') ? { force: false } : {};
  return [
    { ...post, name: 'a canonical release', body: { pullspec: good }, status: 200, says: 'accepted' },
    {
      ...post,
      name: 'a pullspec without a digest',
      body: { pullspec: 'quay.io/a/b:c', ...unforced },
      status: 200,
      says: 'rejected',
    },
    {
      ...post,
      name: 'a repository that is not canonical',
      body: { pullspec: good.replace('quay.io', 'mirror.example.com'), profile: 'ocp', mode: 'enforce', ...unforced },
      status: 200,
      says: 'rejected',
    },
    { ...post, name: 'no JSON', body: '{"pullspec"', headers: JSON_TYPE, status: 400, says: 'BodyInvalid' },
    {
      ...post,
      name: 'a member twice',
      body: `{"mode":"warn","mode":"warn"}`,
      headers: JSON_TYPE,
      status: 400,
      says: 'BodyInvalid',
    },
    { ...post, name: 'a member too many', body: { pullspec: good, x: 1 }, status: 400, says: 'BodyInvalid' },
    { ...post, name: 'no pullspec', body: { pullspec: 'a b' }, status: 400, says: 'PullspecInvalid' },
    { ...post, name: 'no digest', body: { pullspec: 'quay.io/a/b@sha256:0' }, status: 400, says: 'DigestInvalid' },
    {
      ...post,
      name: 'a profile that is not there',
      body: { pullspec: good, profile: 'x' },
      status: 404,
      says: 'ProfileUnknown',
    },
    { ...post, name: 'a long body', body: { pullspec: 'a'.repeat(70_000) }, status: 413, says: 'BodyTooLarge' },
    {
      ...post,
      name: 'text',
      body: good,
      headers: { 'content-type': 'text/plain' },
      status: 415,
      says: 'MediaTypeUnsupported',
    },
    {
      ...post,
      name: 'a compressed body',
      body: { pullspec: good },
      headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
      status: 415,
      says: 'MediaTypeUnsupported',
    },
    { ...post, name: 'no trust', body: { pullspec: good }, over: 'empty', status: 500, says: 'TrustMissing' },
    {
      ...post,
      name: 'a broken store',
      body: { pullspec: good },
      over: 'broken',
      status: 503,
      says: 'StoreUnavailable',
    },
  ];
});

/** The mirrored signature, by each of its addresses. */
export const SIGNATURES = [
  `/signatures/${segment}/signature-1`,
  `/lookaside/${good.replace(':', '=')}/signature-1`,
  `/api/upgrades_info/signatures/${segment}/signature-1`,
];

const signatures: readonly SampleRow[] = SIGNATURES.flatMap((place) =>
  (['GET', 'HEAD'] as const).flatMap((method) => [
    { name: 'a signature', method, path: place, status: 200 },
    { name: 'the next signature', method, path: place.replace(/1$/, '2'), status: 404 },
    { name: 'no place of a signature', method, path: place.replace('signature-', 'x-'), status: 404 },
    { name: 'a broken store', method, path: place, over: 'broken' as const, status: 503, says: 'StoreUnavailable' },
  ]),
);

const bundle = '0'.repeat(32);
const exported: readonly SampleRow[] = ['/v1/configmaps', '/v1/bundles'].flatMap((route): readonly SampleRow[] => {
  const post = { method: 'POST', path: route } as const;
  const status = route === '/v1/bundles' ? 202 : 200;
  return [
    { ...post, name: 'nothing told', body: {}, status },
    { ...post, name: 'the profile told', body: { profile: 'ocp' }, status },
    { ...post, name: 'no JSON', body: '{', headers: JSON_TYPE, status: 400, says: 'BodyInvalid' },
    { ...post, name: 'a list', body: [], status: 400, says: 'BodyInvalid' },
    { ...post, name: 'a member too many', body: { x: 1 }, status: 400, says: 'BodyInvalid' },
    { ...post, name: 'a profile that is no text', body: { profile: 1 }, status: 400, says: 'BodyInvalid' },
    { ...post, name: 'no such profile', body: { profile: 'x' }, status: 404, says: 'ProfileUnknown' },
    { ...post, name: 'a profile that is a path', body: { profile: '../ocp' }, status: 404, says: 'ProfileUnknown' },
    { ...post, name: 'a long body', body: { profile: 'a'.repeat(70_000) }, status: 413, says: 'BodyTooLarge' },
    {
      ...post,
      name: 'text',
      body: '{}',
      headers: { 'content-type': 'text/plain' },
      status: 415,
      says: 'MediaTypeUnsupported',
    },
    { ...post, name: 'no trust', body: {}, over: 'empty', status: 500, says: 'TrustMissing' },
    { ...post, name: 'a broken store', body: {}, over: 'broken', status: 503, says: 'StoreUnavailable' },
  ];
});

const configMaps = { method: 'POST', path: '/v1/configmaps' } as const;
const forms: readonly SampleRow[] = [
  { name: 'JSON', ...configMaps, body: {}, headers: { ...JSON_TYPE, accept: 'application/json' }, status: 200 },
  { name: 'YAML', ...configMaps, body: {}, headers: { ...JSON_TYPE, accept: 'application/yaml' }, status: 200 },
  {
    name: 'neither',
    ...configMaps,
    body: {},
    headers: { ...JSON_TYPE, accept: 'text/html' },
    status: 406,
    says: 'NotAcceptable',
  },
  { name: 'a digest', ...configMaps, body: { digests: [digest] }, status: 200 },
  { name: 'no digest', ...configMaps, body: { digests: ['sha256:0'] }, status: 400, says: 'DigestInvalid' },
  { name: 'no digests', ...configMaps, body: { digests: [] }, status: 400, says: 'BodyInvalid' },
  { name: 'a minor version', ...configMaps, body: { minors: ['4.99'] }, status: 200 },
  { name: 'no minor version', ...configMaps, body: { minors: ['4'] }, status: 400, says: 'ArgumentInvalid' },
  { name: 'no cursor', ...configMaps, body: { after: '../x' }, status: 400, says: 'ArgumentInvalid' },
];

const bundles: readonly SampleRow[] = [
  {
    name: 'an earlier one that is not there',
    method: 'POST',
    path: '/v1/bundles',
    body: { since: bundle },
    status: 400,
    says: 'ArgumentInvalid',
  },
  {
    name: 'an earlier one that is a path',
    method: 'POST',
    path: '/v1/bundles',
    body: { since: `../${bundle}` },
    status: 400,
    says: 'BodyInvalid',
  },
  { name: 'no bundle', method: 'GET', path: `/v1/bundles/${bundle}`, status: 404, says: 'NotFound' },
  { name: 'no id', method: 'GET', path: '/v1/bundles/x', status: 400, says: 'ArgumentInvalid' },
  { name: 'dots', method: 'GET', path: '/v1/bundles/..', status: 400, says: 'ArgumentInvalid' },
  {
    name: 'a path',
    method: 'GET',
    path: `/v1/bundles/..%2f..%2ftrust%2focp%2fcurrent`,
    status: 400,
    says: 'ArgumentInvalid',
  },
  {
    name: 'a broken store',
    method: 'GET',
    path: `/v1/bundles/${bundle}`,
    over: 'broken',
    status: 503,
    says: 'StoreUnavailable',
  },
];

const id = '0'.repeat(64);
const rest: readonly SampleRow[] = [
  {
    name: 'force',
    method: 'POST',
    path: '/v1/pullspecs/check',
    body: { pullspec: good, force: true },
    status: 403,
    says: 'ForceNotAllowed',
  },
  {
    name: 'force',
    method: 'POST',
    path: '/v1/verify',
    body: { pullspec: good, force: true },
    status: 403,
    says: 'ForceNotAllowed',
  },
  {
    name: 'a release nobody answers for',
    method: 'POST',
    path: '/v1/verify',
    body: { pullspec: unmirrored },
    status: 503,
    says: 'indeterminate',
  },
  {
    name: 'the same, forced',
    method: 'POST',
    path: '/v1/verify/forced',
    body: { pullspec: unmirrored, force: true },
    status: 200,
    says: 'accepted',
  },
  {
    name: 'the same, not forced',
    method: 'POST',
    path: '/v1/verify/forced',
    body: { pullspec: unmirrored, force: false },
    status: 503,
    says: 'indeterminate',
  },
  {
    name: 'the forced route, nothing said of force',
    method: 'POST',
    path: '/v1/verify/forced',
    body: { pullspec: unmirrored },
    status: 200,
    says: 'accepted',
  },
  {
    name: 'warn where the profile enforces',
    method: 'POST',
    path: '/v1/verify',
    body: { pullspec: good, mode: 'warn' },
    status: 403,
    says: 'ModeNotAllowed',
  },
  {
    name: 'warn where the profile enforces',
    method: 'POST',
    path: '/v1/pullspecs/check',
    body: { pullspec: good, mode: 'warn' },
    status: 403,
    says: 'ModeNotAllowed',
  },
  { name: 'no records', method: 'GET', path: `/v1/records/${digest}`, status: 200 },
  { name: 'no records', method: 'GET', path: '/v1/records/undigested', status: 200 },
  { name: 'no digest', method: 'GET', path: '/v1/records/sha256:0', status: 400, says: 'DigestInvalid' },
  {
    name: 'a long page',
    method: 'GET',
    path: `/v1/records/${digest}`,
    query: { limit: '51' },
    status: 400,
    says: 'ArgumentInvalid',
  },
  {
    name: 'a parameter too many',
    method: 'GET',
    path: `/v1/records/${digest}`,
    query: { x: '1' },
    status: 400,
    says: 'ArgumentInvalid',
  },
  { name: 'no record', method: 'GET', path: `/v1/records/${digest}/${id}`, status: 404, says: 'NotFound' },
  { name: 'no id', method: 'GET', path: `/v1/records/${digest}/x`, status: 400, says: 'ArgumentInvalid' },
  {
    name: 'a broken store',
    method: 'GET',
    path: `/v1/records/${digest}/${id}`,
    over: 'broken',
    status: 503,
    says: 'StoreUnavailable',
  },
  { name: 'trust', method: 'GET', path: '/v1/trust', status: 200 },
  { name: 'no trust', method: 'GET', path: '/v1/trust', over: 'empty', status: 500, says: 'TrustMissing' },
  { name: 'a broken store', method: 'GET', path: '/v1/trust', over: 'broken', status: 503, says: 'StoreUnavailable' },
  { name: 'health', method: 'GET', path: '/healthz', status: 200 },
  { name: 'health without trust', method: 'GET', path: '/healthz', over: 'empty', status: 503 },
];

const HARBOR = { 'content-type': 'application/json', authorization: DEMO_AUTHORIZATION };
const samples = path.join(import.meta.dirname, '../../demo/events');
const [harborPush, quayPush] = await Promise.all(
  ['harbor.json', 'quay.json'].map((name) => readFile(path.join(samples, name), 'utf8')),
);
const sources = [
  { path: '/webhooks/harbor', unknown: '/webhooks/ecr', push: harborPush, headers: HARBOR },
  { path: `/webhooks/quay/${DEMO_TOKEN}`, unknown: '/webhooks/ecr/x', push: quayPush, headers: JSON_TYPE },
];
const webhooks: readonly SampleRow[] = sources.flatMap(({ path: route, unknown, push = '', headers }) => {
  const post = { method: 'POST', path: route, headers } as const;
  const refused = route.includes(DEMO_TOKEN)
    ? { path: route.replace(DEMO_TOKEN, 'other') }
    : { headers: { ...headers, authorization: 'Bearer other' } };
  return [
    { ...post, name: 'a push', body: push, status: 202 },
    { ...post, name: 'an event of another kind', body: '{"type":"DELETE_ARTIFACT"}', status: 202 },
    { ...post, name: 'no JSON', body: '{', status: 400, says: 'BodyInvalid' },
    { ...post, name: 'other credentials', body: push, ...refused, status: 401, says: 'NotAuthenticated' },
    { ...post, name: 'a source without credentials', path: unknown, body: push, status: 404, says: 'NotFound' },
    { ...post, name: 'a long body', body: ' '.repeat(70_000), status: 413, says: 'BodyTooLarge' },
    {
      ...post,
      name: 'text',
      body: push,
      headers: { ...headers, 'content-type': 'text/plain' },
      status: 415,
      says: 'MediaTypeUnsupported',
    },
    { ...post, name: 'no trust', body: push, over: 'empty', status: 500, says: 'TrustMissing' },
    { ...post, name: 'a broken store', body: push, over: 'broken', status: 503, says: 'StoreUnavailable' },
  ];
});

const toReview = (releaseImage: string): object => ({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
    operation: 'CREATE',
    resource: { group: 'hive.openshift.io', version: 'v1', resource: 'clusterimagesets' },
    object: { spec: { releaseImage } },
    oldObject: null,
  },
});
const review = { method: 'POST', path: `/admission/${CLUSTER_TOKEN}/clusterimagesets`, body: toReview(good) } as const;
const admission: readonly SampleRow[] = [
  { ...review, name: 'a release that is signed', status: 200 },
  { ...review, name: 'a tag', body: toReview('quay.io/a/b:c'), status: 200 },
  { ...review, name: 'a release nobody answers for', body: toReview(unmirrored), status: 200 },
  { ...review, name: 'no trust', over: 'empty', status: 200 },
  { ...review, name: 'a broken store', over: 'broken', status: 200 },
  { ...review, name: 'no JSON', body: '{', headers: JSON_TYPE, status: 400, says: 'BodyInvalid' },
  {
    ...review,
    name: 'another token',
    path: '/admission/other/clusterimagesets',
    status: 401,
    says: 'NotAuthenticated',
  },
  { ...review, name: 'another kind', path: `/admission/${CLUSTER_TOKEN}/pods`, status: 404, says: 'NotFound' },
  { ...review, name: 'a long body', body: ' '.repeat(3 * 1024 * 1024 + 1), status: 413, says: 'BodyTooLarge' },
  { ...review, name: 'text', headers: { 'content-type': 'text/plain' }, status: 415, says: 'MediaTypeUnsupported' },
];

export const rows: readonly SampleRow[] = [
  ...questions,
  ...signatures,
  ...webhooks,
  ...admission,
  ...exported,
  ...forms,
  ...bundles,
  ...rest,
];

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
const { revision } = await prepareTrust('ocp', readFixtureDocuments());
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
  broken: async () => {
    const failure = new StoreError('ConnectionFailed', 'refused');
    const listObjects = () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failure) }) });
    return { ...createMemoryObjectStore([], { failure }), listObjects };
  },
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
  `/pub/openshift-v4/signatures/openshift/release/${segment}/signature-1`,
  `/openshift-release/official/signatures/openshift/release/${segment}/signature-1`,
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
  { name: 'no bundles yet', method: 'GET', path: '/v1/bundles', status: 200 },
  {
    name: 'bundles out of reach',
    method: 'GET',
    path: '/v1/bundles',
    over: 'broken',
    status: 503,
    says: 'StoreUnavailable',
  },
  {
    name: 'no cursor of bundles',
    method: 'GET',
    path: '/v1/bundles',
    query: { after: 'x' },
    status: 400,
    says: 'ArgumentInvalid',
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
  { name: 'no verdicts', method: 'GET', path: '/v1/verdicts', query: { outcome: 'rejected' }, status: 200 },
  {
    name: 'an unknown filter',
    method: 'GET',
    path: '/v1/verdicts',
    query: { colour: 'red' },
    status: 400,
    says: 'ArgumentInvalid',
  },
  {
    name: 'a cursor of nobody',
    method: 'GET',
    path: '/v1/verdicts',
    query: { after: 'garbage' },
    status: 400,
    says: 'ArgumentInvalid',
  },
  {
    name: 'a list of a broken store',
    method: 'GET',
    path: '/v1/verdicts',
    over: 'broken',
    status: 503,
    says: 'StoreUnavailable',
  },
  { name: 'an overview', method: 'GET', path: '/v1/overview', status: 200 },
  {
    name: 'an overview of nothing',
    method: 'GET',
    path: '/v1/overview',
    over: 'empty',
    query: { days: '1' },
    status: 200,
  },
  { name: 'an overview of a broken store', method: 'GET', path: '/v1/overview', over: 'broken', status: 200 },
  ...['0', '91', 'x', '1e1', ''].map((days) => ({
    name: `an overview of ${JSON.stringify(days)} days`,
    method: 'GET' as const,
    path: '/v1/overview',
    query: { days },
    status: 400,
    says: 'ArgumentInvalid',
  })),
  {
    name: 'an unknown parameter',
    method: 'GET',
    path: '/v1/overview',
    query: { day: '1' },
    status: 400,
    says: 'ArgumentInvalid',
  },
  { name: 'releases', method: 'GET', path: '/v1/releases', status: 200 },
  {
    name: 'a cursor of nobody',
    method: 'GET',
    path: '/v1/releases',
    query: { after: 'x' },
    status: 400,
    says: 'ArgumentInvalid',
  },
  {
    name: 'a profile of nobody',
    method: 'GET',
    path: '/v1/releases',
    query: { profile: 'x' },
    status: 404,
    says: 'ProfileUnknown',
  },
  {
    name: 'releases of no trust',
    method: 'GET',
    path: '/v1/releases',
    over: 'empty',
    status: 500,
    says: 'TrustMissing',
  },
  {
    name: 'releases of a broken store',
    method: 'GET',
    path: '/v1/releases',
    over: 'broken',
    status: 503,
    says: 'StoreUnavailable',
  },
  { name: 'a release', method: 'GET', path: `/v1/releases/${digest}`, status: 200 },
  { name: 'no digest', method: 'GET', path: '/v1/releases/x', status: 400, says: 'DigestInvalid' },
  { name: 'a digest of nobody', method: 'GET', path: `/v1/releases/sha256:${id}`, status: 404, says: 'NotFound' },
  {
    name: 'a release without trust',
    method: 'GET',
    path: `/v1/releases/${digest}`,
    over: 'empty',
    status: 500,
    says: 'TrustMissing',
  },
  {
    name: 'a release of a broken store',
    method: 'GET',
    path: `/v1/releases/${digest}`,
    over: 'broken',
    status: 503,
    says: 'StoreUnavailable',
  },
  ...['held', 'quarantined', 'waiting'].map((state) => ({
    name: `what is ${state}`,
    method: 'GET' as const,
    path: '/v1/mirror',
    query: { state },
    status: 200,
  })),
  {
    name: 'no such state',
    method: 'GET',
    path: '/v1/mirror',
    query: { state: 'x' },
    status: 400,
    says: 'ArgumentInvalid',
  },
  {
    name: 'a mirror out of reach',
    method: 'GET',
    path: '/v1/mirror',
    over: 'broken',
    status: 503,
    says: 'StoreUnavailable',
  },
  ...['/', '/console/index.html'].flatMap((page) =>
    (['GET', 'HEAD'] as const).flatMap((method) => [
      { name: 'a file of the page', method, path: page, status: 200 },
      { name: 'one that is held', method, path: page, headers: { 'if-none-match': '"page"' }, status: 304 },
    ]),
  ),
  { name: 'no file of the page', method: 'GET', path: '/console/../x', status: 404, says: 'NotFound' },
  { name: 'no file of the page', method: 'HEAD', path: '/console/../x', status: 404, says: 'NotFound' },
  { name: 'how the page signs in', method: 'GET', path: '/console.json', status: 200 },
  { name: 'what the caller may', method: 'GET', path: '/v1/me', status: 200 },
  { name: 'dead letters', method: 'GET', path: '/v1/dead-letters', query: { queue: 'push' }, status: 200 },
  { name: 'no queue', method: 'GET', path: '/v1/dead-letters', status: 400, says: 'ArgumentInvalid' },
  {
    name: 'a queue out of reach',
    method: 'GET',
    path: '/v1/dead-letters',
    query: { queue: 'mirror' },
    status: 503,
    says: 'StoreUnavailable',
  },
  {
    name: 'letters to put back',
    method: 'POST',
    path: '/v1/dead-letters/redrive',
    body: { queue: 'push', ids: ['l', 'm'] },
    status: 200,
  },
  {
    name: 'no letters',
    method: 'POST',
    path: '/v1/dead-letters/redrive',
    body: { queue: 'push' },
    status: 400,
    says: 'BodyInvalid',
  },
  {
    name: 'too many letters',
    method: 'POST',
    path: '/v1/dead-letters/redrive',
    body: { queue: 'push', ids: ['x'.repeat(65_536)] },
    status: 413,
    says: 'BodyTooLarge',
  },
  {
    name: 'letters of a form',
    method: 'POST',
    path: '/v1/dead-letters/redrive',
    headers: {},
    body: '{}',
    status: 415,
    says: 'MediaTypeUnsupported',
  },
  {
    name: 'letters out of reach',
    method: 'POST',
    path: '/v1/dead-letters/redrive',
    body: { queue: 'mirror', ids: ['l'] },
    status: 503,
    says: 'StoreUnavailable',
  },
  {
    name: 'a message',
    method: 'POST',
    path: '/v1/explain',
    body: { text: `unable to verify ${digest} against keyrings: a` },
    status: 200,
  },
  { name: 'no message', method: 'POST', path: '/v1/explain', body: {}, status: 400, says: 'BodyInvalid' },
  {
    name: 'a message for nobody',
    method: 'POST',
    path: '/v1/explain',
    body: { text: 'x', profile: 'x' },
    status: 404,
    says: 'ProfileUnknown',
  },
  {
    name: 'a message that is long',
    method: 'POST',
    path: '/v1/explain',
    body: { text: 'x'.repeat(524_289) },
    status: 413,
    says: 'BodyTooLarge',
  },
  {
    name: 'a message of a form',
    method: 'POST',
    path: '/v1/explain',
    headers: {},
    body: '{"text":"x"}',
    status: 415,
    says: 'MediaTypeUnsupported',
  },
  {
    name: 'a message without trust',
    method: 'POST',
    path: '/v1/explain',
    over: 'empty',
    body: { text: 'x' },
    status: 500,
    says: 'TrustMissing',
  },
  {
    name: 'a message, and a broken store',
    method: 'POST',
    path: '/v1/explain',
    over: 'broken',
    body: { text: 'x' },
    status: 503,
    says: 'StoreUnavailable',
  },
  { name: 'revisions', method: 'GET', path: '/v1/trust/ocp/revisions', status: 200 },
  {
    name: 'a page too long',
    method: 'GET',
    path: '/v1/trust/ocp/revisions',
    query: { limit: '0' },
    status: 400,
    says: 'ArgumentInvalid',
  },
  { name: 'revisions of nobody', method: 'GET', path: '/v1/trust/x/revisions', status: 404, says: 'ProfileUnknown' },
  {
    name: 'no revisions',
    method: 'GET',
    path: '/v1/trust/ocp/revisions',
    over: 'empty',
    status: 500,
    says: 'TrustMissing',
  },
  {
    name: 'revisions out of reach',
    method: 'GET',
    path: '/v1/trust/ocp/revisions',
    over: 'broken',
    status: 503,
    says: 'StoreUnavailable',
  },
  { name: 'a revision', method: 'GET', path: `/v1/trust/ocp/revisions/${revision}`, status: 200 },
  { name: 'no revision', method: 'GET', path: '/v1/trust/ocp/revisions/x', status: 400, says: 'ArgumentInvalid' },
  { name: 'a revision of nobody', method: 'GET', path: `/v1/trust/ocp/revisions/${id}`, status: 404, says: 'NotFound' },
  {
    name: 'a revision out of reach',
    method: 'GET',
    path: `/v1/trust/ocp/revisions/${id}`,
    over: 'broken',
    status: 503,
    says: 'StoreUnavailable',
  },
  {
    name: 'no changes',
    method: 'GET',
    path: '/v1/trust/ocp/changes',
    query: { from: revision, to: revision },
    status: 200,
  },
  { name: 'nothing to compare', method: 'GET', path: '/v1/trust/ocp/changes', status: 400, says: 'ArgumentInvalid' },
  {
    name: 'changes to nobody',
    method: 'GET',
    path: '/v1/trust/ocp/changes',
    query: { from: revision, to: id },
    status: 404,
    says: 'NotFound',
  },
  {
    name: 'changes out of reach',
    method: 'GET',
    path: '/v1/trust/ocp/changes',
    over: 'broken',
    query: { from: id, to: id },
    status: 503,
    says: 'StoreUnavailable',
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
  { name: 'no seals', method: 'GET', path: '/v1/records/seals', status: 200 },
  {
    name: 'no cursor of seals',
    method: 'GET',
    path: '/v1/records/seals',
    query: { after: 'x' },
    status: 400,
    says: 'ArgumentInvalid',
  },
  { name: 'no attestation', method: 'GET', path: `/v1/records/${id}/attestation`, status: 404, says: 'NotFound' },
  {
    name: 'no form',
    method: 'GET',
    path: `/v1/records/${id}/attestation`,
    query: { form: 'x' },
    status: 400,
    says: 'ArgumentInvalid',
  },
  { name: 'no stored record', method: 'GET', path: `/v1/records/${id}/stored`, status: 404, says: 'NotFound' },
  { name: 'no record', method: 'GET', path: `/v1/records/${digest}/${id}`, status: 404, says: 'NotFound' },
  { name: 'no record of this id', method: 'GET', path: `/v1/records/${id}`, status: 404, says: 'NotFound' },
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

const validation = JSON.stringify([
  {
    eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
    data: { validationCode: '512d38b6-c7b8-40c8-89fe-f46f9e9622b6' },
  },
]);
const origin = { 'webhook-request-origin': 'eventgrid.azure.net' };
const handshakes: readonly SampleRow[] = [
  {
    name: 'a validation',
    method: 'POST',
    path: '/webhooks/eventgrid',
    headers: { ...JSON_TYPE, authorization: DEMO_AUTHORIZATION },
    body: validation,
    status: 200,
  },
  {
    name: 'a validation',
    method: 'POST',
    path: `/webhooks/eventgrid/${DEMO_TOKEN}`,
    headers: JSON_TYPE,
    body: validation,
    status: 200,
  },
  ...['/webhooks/eventgrid', `/webhooks/eventgrid/${DEMO_TOKEN}`].flatMap((route): readonly SampleRow[] => {
    const ask = { method: 'OPTIONS', path: route, headers: origin } as const;
    return [
      { ...ask, name: 'a sender', status: 204 },
      { ...ask, name: 'a sender without a name', headers: {}, status: 401, says: 'NotAuthenticated' },
      {
        ...ask,
        name: 'a source without credentials',
        path: route.replace('eventgrid', 'ecr'),
        status: 404,
        says: 'NotFound',
      },
    ];
  }),
];

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
    status: 200,
  },
  { ...review, name: 'another kind', path: `/admission/${CLUSTER_TOKEN}/pods`, status: 200 },
  { ...review, name: 'a long body', body: ' '.repeat(4 * 1024 * 1024), status: 400, says: 'BodyInvalid' },
  { ...review, name: 'text', headers: { 'content-type': 'text/plain' }, status: 200 },
];

export const rows: readonly SampleRow[] = [
  ...questions,
  ...signatures,
  ...webhooks,
  ...handshakes,
  ...admission,
  ...exported,
  ...forms,
  ...bundles,
  ...rest,
];

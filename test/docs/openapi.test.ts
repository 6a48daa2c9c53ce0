import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { ConfigurationErrorCode } from '../../lib/errors/configuration-error.ts';
import type { InputErrorCode } from '../../lib/errors/input-error.ts';
import { REASON_CODES } from '../../lib/errors/reason-code.ts';
import { StoreError } from '../../lib/errors/store-error.ts';
import type { ObjectStore } from '../../lib/objects/object-store.ts';
import { VERIFIER_VERSION } from '../../lib/runtime/verifier-version.ts';
import { prepareTrust } from '../../lib/trust/prepare-trust.ts';
import { publishTrust } from '../../lib/trust/publish-trust.ts';
import { ROUTES } from '../../local/routes.ts';
import { FIXTURE_STORE, fixtureReleases, readFixtureDocuments } from '../support/fixture-releases.ts';
import type { SampleRequest } from '../support/http-event.ts';
import { createMemoryObjectStore } from '../support/memory-object-store.ts';
import {
  checkHeader,
  compileSchema,
  describeResponse,
  listExamples,
  openapi,
  operations,
  resolvePointer,
  written,
} from './read-openapi.ts';
import { createSampleApi } from './sample-api.ts';

const IAM_FREE = ['/healthz', '/signatures/{path+}', '/lookaside/{path+}', '/api/upgrades_info/signatures/{path+}'];

/** Every code that a problem document can have. A code that is added to the unions and not here does not compile. */
const PROBLEM_CODES: Readonly<
  Record<
    InputErrorCode | ConfigurationErrorCode | 'Internal' | 'MethodNotAllowed' | 'NotFound' | 'StoreUnavailable',
    true
  >
> = {
  ArgumentInvalid: true,
  BodyInvalid: true,
  BodyTooLarge: true,
  DigestInvalid: true,
  DocumentInvalid: true,
  DuplicateKey: true,
  FileUnreadable: true,
  ForceNotAllowed: true,
  Internal: true,
  KeyUnreadable: true,
  KindUnknown: true,
  LimitExceeded: true,
  MediaTypeUnsupported: true,
  MethodNotAllowed: true,
  NotFound: true,
  ProfileUnknown: true,
  PublishConflict: true,
  PullspecInvalid: true,
  RevisionInvalid: true,
  SchemaUnsupported: true,
  StoreUnavailable: true,
  TrustMissing: true,
  TrustUnusable: true,
};

describe('docs/openapi.yaml', () => {
  test('is OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(written));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  test('has the routes of the service', () => {
    const described = operations.map(({ method, route }) => `${method} ${route}`);
    const expected = ROUTES.map(({ method, path: route }) => `${method} ${route}`);
    expect(described.toSorted(compare)).toEqual(expected.toSorted(compare));
  });

  test('asks for credentials everywhere but for signatures and health', () => {
    const open = operations.filter(({ operation }) => operation.security?.some((one) => Object.keys(one).length === 0));
    expect(new Set(open.map(({ route }) => route))).toEqual(new Set(IAM_FREE));
  });

  test('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('has the closed unions of the code', () => {
    expect(openapi.components.schemas['ReasonCode']?.enum).toEqual([...REASON_CODES]);
    const problem = z
      .object({ enum: z.array(z.string()) })
      .parse(resolvePointer('#/components/schemas/Problem/properties/code'));
    expect(problem.enum).toEqual(Object.keys(PROBLEM_CODES));
  });

  test('has the version of the service', () => {
    expect(`signet/${openapi.info.version}`).toBe(VERIFIER_VERSION);
  });

  const examples = listExamples();
  test('has examples', () => {
    expect(examples.length).toBeGreaterThan(8);
  });

  test.each(examples)('has an example that fits its schema: $name', ({ value, schema }) => {
    const validate = compileSchema(schema);
    validate(value);
    expect(validate.errors).toBeNull();
  });
});

const good = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const digest = good.slice(good.indexOf('@') + 1);
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
const OBJECTS: Readonly<Record<'filled' | 'empty' | 'broken', () => Promise<ObjectStore>>> = {
  filled: fillObjects,
  empty: async () => createMemoryObjectStore(),
  broken: async () => createMemoryObjectStore([], { failure: new StoreError('ConnectionFailed', 'refused') }),
};

interface Row extends SampleRequest {
  readonly name: string;
  readonly over?: keyof typeof OBJECTS;
  readonly status: number;
  /** Of the problem document, or the outcome of the verdict. */
  readonly says?: string;
}

const POSTS = ['/v1/pullspecs/check', '/v1/verify', '/v1/verify/forced'];
const JSON_TYPE = { 'content-type': 'application/json' };

const questions: readonly Row[] = POSTS.flatMap((route) => {
  const post = { method: 'POST', path: route } as const;
  return [
    { ...post, name: 'a canonical release', body: { pullspec: good }, status: 200, says: 'accepted' },
    {
      ...post,
      name: 'a pullspec without a digest',
      body: { pullspec: 'quay.io/a/b:c' },
      status: 200,
      says: 'rejected',
    },
    {
      ...post,
      name: 'a repository that is not canonical, to be warned about',
      body: { pullspec: good.replace('quay.io', 'mirror.example.com'), profile: 'ocp', mode: 'warn' },
      status: 200,
      says: 'accepted',
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

const SIGNATURES = [
  `/signatures/${segment}/signature-1`,
  `/lookaside/${good.replace(':', '=')}/signature-1`,
  `/api/upgrades_info/signatures/${segment}/signature-1`,
];

const signatures: readonly Row[] = SIGNATURES.flatMap((place) =>
  (['GET', 'HEAD'] as const).flatMap((method) => [
    { name: 'a signature', method, path: place, status: 200 },
    { name: 'the next signature', method, path: place.replace(/1$/, '2'), status: 404 },
    { name: 'no place of a signature', method, path: place.replace('signature-', 'x-'), status: 404 },
    { name: 'a broken store', method, path: place, over: 'broken' as const, status: 503, says: 'StoreUnavailable' },
  ]),
);

const id = '0'.repeat(64);
const rest: readonly Row[] = [
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
    body: { pullspec: unmirrored },
    status: 503,
    says: 'indeterminate',
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

/** What a row, and what is asked after it, came out as: `POST /v1/verify 200`. */
const answered = new Set<string>();
let samples: Readonly<Record<keyof typeof OBJECTS, ObjectStore>>;

beforeAll(async () => {
  samples = { filled: await OBJECTS.filled(), empty: await OBJECTS.empty(), broken: await OBJECTS.broken() };
});

/** Asks, and holds the answer against what is written of it. */
async function ask(request: SampleRequest, over: keyof typeof OBJECTS = 'filled') {
  const { method, route, result } = await createSampleApi(samples[over]).ask(request);
  const operation = operations.find((one) => one.method === method && one.route === route);
  if (operation === undefined) throw new Error(`${method} ${route} is not described`);
  const response = describeResponse(operation, String(result.statusCode));
  answered.add(`${method} ${route} ${result.statusCode}`);
  const headers = result.headers ?? {};
  const faults = Object.keys(response.headers).flatMap((name) => checkHeader(response, name, headers[name]));
  expect(faults).toEqual([]);
  const [type = ''] = String(headers['content-type'] ?? '').split(';');
  const types = Object.keys(response.content);
  expect(types.length === 0 ? [''] : types).toContain(type);
  if (type.endsWith('json')) {
    const validate = compileSchema(`${response.pointer}/content/${type.replace('/', '~1')}/schema`);
    validate(JSON.parse(result.body ?? ''));
    expect(validate.errors).toBeNull();
  }
  return { status: result.statusCode, headers, type, body: result.body ?? '' };
}

const Said = z.looseObject({ code: z.string().optional(), outcome: z.string().optional() });

describe('the functions answer as described', () => {
  test.each([...questions, ...signatures, ...rest])('$method $path: $name: $status', async (row) => {
    const { status, type, body } = await ask(row, row.over);
    expect(status).toBe(row.status);
    if (row.says === undefined) return;
    const { code, outcome } = Said.parse(JSON.parse(body));
    expect(type === 'application/problem+json' ? code : outcome).toBe(row.says);
  });

  test('a record is where its verdict says, and on its page', async () => {
    const { headers } = await ask({ method: 'POST', path: '/v1/verify', body: { pullspec: good } });
    const record = await ask({ method: 'GET', path: String(headers['location']) });
    expect(record.status).toBe(200);
    const page = await ask({ method: 'GET', path: `/v1/records/${digest}`, query: { limit: '1' } });
    expect(page.body).toContain(record.body);
  });

  test('a record that is broken is a failure of ours', async () => {
    const { headers } = await ask({ method: 'POST', path: '/v1/verify', body: { pullspec: good } });
    const [, , , , name = ''] = String(headers['location']).split('/');
    const newer = Buffer.from('{"schema":2}');
    samples = { ...samples, filled: { ...samples.filled, readObject: async () => ({ bytes: newer, etag: '"1"' }) } };
    const record = await ask({ method: 'GET', path: `/v1/records/${digest}/${name}` });
    expect(record.status).toBe(500);
    const page = await ask({ method: 'GET', path: `/v1/records/${digest}` });
    expect(page.status).toBe(500);
    const torn = Buffer.from('{');
    samples = { ...samples, filled: { ...samples.filled, readObject: async () => ({ bytes: torn, etag: '"1"' }) } };
    expect((await ask({ method: 'GET', path: `/v1/records/${digest}` })).status).toBe(503);
    samples = { ...samples, filled: await OBJECTS.filled() };
  });

  test.each(SIGNATURES)('%s is not sent again to who has it', async (place) => {
    for (const method of ['GET', 'HEAD'] as const) {
      const { headers } = await ask({ method, path: place });
      const again = await ask({ method, path: place, headers: { 'if-none-match': String(headers['etag']) } });
      expect(again.status).toBe(304);
      expect(again.body).toBe('');
    }
  });

  test('a profile may forbid force', async () => {
    const documents = readFixtureDocuments({
      'profile.yaml': 'apiVersion: signet/v1\nkind: Profile\nmetadata: {name: ocp}\nspec: {force: deny}\n',
    });
    const objects = createMemoryObjectStore();
    await publishTrust(objects, await prepareTrust('ocp', documents), documents);
    samples = { ...samples, filled: objects };
    const { status } = await ask({ method: 'POST', path: '/v1/verify/forced', body: { pullspec: good, force: true } });
    expect(status).toBe(403);
    samples = { ...samples, filled: await OBJECTS.filled() };
  });

  test('every answer that is described was given here', () => {
    const described = operations.flatMap(({ method, route, operation }) =>
      Object.keys(operation.responses).map((status) => `${method} ${route} ${status}`),
    );
    expect([...answered].toSorted(compare)).toEqual(described.toSorted(compare));
  });
});

function compare(one: string, other: string): number {
  return one < other ? -1 : 1;
}

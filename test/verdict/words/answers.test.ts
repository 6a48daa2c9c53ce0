import { afterEach, describe, expect, test, vi } from 'vitest';
import { verify } from '../../../cli/verify/verify.ts';
import { createHandler } from '../../../functions/verify-image/handler.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { publishTrust } from '../../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../../lib/trust/source/trust-source.ts';
import { createAcceptances } from '../../../lib/verdict/records/list-accepted.ts';
import { createQuestions } from '../../../lib/verdict/records/questions.ts';
import { createLocalContext } from '../../../local/local-context.ts';
import {
  FIXTURE_STORE,
  FIXTURE_TIME,
  FIXTURE_TRUST,
  fixtureReleases,
  readFixtureDocuments,
} from '../../support/fixture-releases.ts';
import { toHttpEvent } from '../../support/http-event.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { createKeptTelemetry } from '../../support/quiet-telemetry.ts';
import { releaseOnly } from '../../support/untouched-store.ts';

const pullspec = fixtureReleases[0]?.pullspec ?? '';

async function ask(as: string, failure?: StoreError) {
  const objects = createMemoryObjectStore();
  const documents = readFixtureDocuments();
  await publishTrust(objects, await prepareTrust('ocp', documents), documents);
  const now = (): Date => FIXTURE_TIME;
  const store = createMemorySignatureStore(new Map(), { failure });
  const handler = createHandler({
    trust: createTrustSource(objects, ['ocp'], now),
    objects,
    acceptances: createAcceptances(objects),
    questions: createQuestions(),
    mirror: releaseOnly(createMemorySignatureStore(new Map(), { description: 'mirror' })),
    upstream: { open: () => releaseOnly(store), close: () => undefined },
    mirrorQueue: createMemoryQueue(),
    telemetry: createKeptTelemetry(),
    now,
  });
  const event = toHttpEvent({ method: 'POST', path: '/v1/verify', query: { as }, body: { pullspec } });
  const answer = await handler(event, createLocalContext('test'));
  const { statusCode, body, headers } = typeof answer === 'string' ? { body: answer } : answer;
  return { statusCode, headers, body: JSON.parse(body ?? 'null') as unknown };
}

describe('POST /v1/verify?as=', () => {
  test('hive: the condition, and the record of the verdict', async () => {
    const { statusCode, headers, body } = await ask('hive');
    expect(statusCode).toBe(200);
    expect(headers?.['location']).toMatch(/^\/v1\/records\/sha256:/);
    expect(body).toMatchObject({ outcome: 'rejected', condition: { reason: 'ReleaseImageVerificationFailed' } });
  });

  test('clusterversion: an indeterminate verdict is still a 503', async () => {
    const { statusCode, headers, body } = await ask('clusterversion', new StoreError('ConnectionFailed', 'refused'));
    expect([statusCode, headers?.['retry-after']]).toEqual([503, '30']);
    expect(body).toMatchObject({ outcome: 'indeterminate', condition: { type: 'ReleaseAccepted', status: 'False' } });
  });

  test('other words: 400, and nothing is decided', async () => {
    expect(await ask('cvo')).toMatchObject({ statusCode: 400, body: { code: 'ArgumentInvalid' } });
  });
});

describe('signet verify --as', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each<['hive' | 'clusterversion', string]>([
    ['hive', 'outcome: accepted\nforced: false\ncondition: null\n'],
    ['clusterversion', '\ncondition:\n  type: ReleaseAccepted\n  status: "True"\n  reason: PayloadLoaded\n'],
  ])('%s', async (as, expected) => {
    let stdout = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      stdout += String(text);
      return true;
    });
    const options = { trust: FIXTURE_TRUST, store: [FIXTURE_STORE], output: 'text', as } as const;
    expect(await verify(pullspec, options, new AbortController().signal)).toBe(0);
    expect(stdout).toContain(expected);
  });
});

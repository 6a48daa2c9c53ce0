import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../../lib/base/errors/input-error.ts';
import { isDigest, parseDigest } from '../../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../../lib/base/names/reference.ts';
import type { WebhookSource } from '../../../../lib/platform/secrets/webhook-credentials.ts';
import { parseCloudEvents } from '../../../../lib/push/receive/parse/parse-cloudevents.ts';
import { parseDistributionWebhook } from '../../../../lib/push/receive/parse/parse-distribution-webhook.ts';
import { parseDockerhubWebhook } from '../../../../lib/push/receive/parse/parse-dockerhub-webhook.ts';
import { parseEcrEvent } from '../../../../lib/push/receive/parse/parse-ecr-event.ts';
import { parseEventGrid } from '../../../../lib/push/receive/parse/parse-eventgrid.ts';
import { parseGithubWebhook } from '../../../../lib/push/receive/parse/parse-github-webhook.ts';
import { parseGooglePush } from '../../../../lib/push/receive/parse/parse-google-push.ts';
import { parseHarborWebhook } from '../../../../lib/push/receive/parse/parse-harbor-webhook.ts';
import { parseJfrogWebhook } from '../../../../lib/push/receive/parse/parse-jfrog-webhook.ts';
import { parseQuayWebhook } from '../../../../lib/push/receive/parse/parse-quay-webhook.ts';
import type { Delivery, ForeignEvent, ParsedEvent, Validation } from '../../../../lib/push/receive/parse/push.ts';
import { PushMessageSchema, toPushBody } from '../../../../lib/push/receive/push-message.ts';
import { toQuestion } from '../../../../lib/push/verify/to-question.ts';
import type { ManifestReader } from '../../../../lib/registry/profile/profile-registries.ts';
import { createMemoryManifests } from '../../../support/memory-manifests.ts';
import {
  ACR,
  AZURE_CLOUD_EVENT,
  type Body,
  DIGEST,
  DISTRIBUTION,
  DOCKERHUB,
  ECR,
  ECR_CACHE,
  EVENT_GRID_EVENT,
  EVENT_GRID_VALIDATION,
  GITHUB,
  GITHUB_REGISTRY,
  GOOGLE_CHANGE,
  HARBOR,
  HARBOR_CLOUD_EVENT,
  JFROG,
  QUAY,
  replaceMember,
  toPubSub,
  ZOT_CLOUD_EVENT,
} from './samples.ts';

function toDelivery(source: WebhookSource, type = 'application/json'): Delivery {
  return { headers: { 'content-type': type }, scopes: [{ source, registry: 'example.jfrog.io' }] };
}

/** What is no event has no pushes. */
function orNothing(event: ParsedEvent | Validation | ForeignEvent): ParsedEvent {
  return event.kind === 'pushes' || event.kind === 'ignored' ? event : { kind: 'ignored', reason: event.kind };
}

const SOURCES: readonly [string, (body: unknown) => ParsedEvent, readonly Body[]][] = [
  ['ecr', parseEcrEvent, [ECR, ECR_CACHE]],
  ['quay', parseQuayWebhook, [QUAY]],
  ['harbor', parseHarborWebhook, [HARBOR, HARBOR_CLOUD_EVENT]],
  ['distribution', parseDistributionWebhook, [DISTRIBUTION, ACR]],
  ['github', parseGithubWebhook, [GITHUB, GITHUB_REGISTRY]],
  ['dockerhub', parseDockerhubWebhook, [DOCKERHUB]],
  [
    'cloudevents',
    (body) => parseCloudEvents(body, toDelivery('cloudevents', 'application/cloudevents+json')),
    [AZURE_CLOUD_EVENT, HARBOR_CLOUD_EVENT, ZOT_CLOUD_EVENT],
  ],
  [
    'eventgrid',
    (body) => orNothing(parseEventGrid([body], toDelivery('eventgrid'))),
    [EVENT_GRID_EVENT, EVENT_GRID_VALIDATION],
  ],
  ['jfrog', (body) => parseJfrogWebhook(body, toDelivery('jfrog')), [JFROG]],
  [
    'google',
    (body) => orNothing(parseGooglePush(toPubSub(JSON.stringify(body) ?? ''), toDelivery('google'))),
    // Members that nobody reads, so that most changes leave a push.
    [{ ...GOOGLE_CHANGE, later: '', members: { that: '', nobody: '', reads: '' } }],
  ],
];

/** Every tag names the same image, and no manifest has a subject. */
const REGISTRY: ManifestReader = { ...createMemoryManifests(), resolveTag: async () => parseDigest(DIGEST) };

/** The path of every member and element of a body. */
function listPaths(value: unknown, prefix = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [
    `${prefix}${name}`,
    ...listPaths(member, `${prefix}${name}.`),
  ]);
}

/** Texts near to names, hosts, tags and digests, and far from them. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[a-zA-Z0-9.:/@_[\]-]{0,30}$/),
  fc.constantFrom(
    '__proto__',
    '',
    'quay.io',
    'quay.io:443/a/b',
    'a/b:c',
    'A.B/c',
    '[::1]:5000/a',
    'localhost/a',
    DIGEST,
  ),
);
const value = fc.oneof(
  text,
  fc.constant(undefined),
  fc.double(),
  fc.json().map((json): unknown => JSON.parse(json)),
);

describe.each(SOURCES)('%s', (source, parse, samples) => {
  const changed = fc
    .constantFrom(...samples)
    .chain((body) =>
      fc
        .array(fc.tuple(fc.constantFrom(...listPaths(body)), value), { minLength: 1, maxLength: 3 })
        .map((changes) => changes.reduce(tryReplace, body)),
    );

  test('whatever the body, there are parsed pushes, a reason, or an InputError', async () => {
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 8, arbitrary: changed }, value), async (body) => {
        for (const push of parseOrNone(parse, body)) {
          reached += 1;
          const name = `${push.registry}/${push.repository}`;
          expect(push.source).toBe(source);
          expect(parseRepository(name)).toBe(name);
          expect(push.digest ?? push.tag).toBeDefined();
          expect(push.digest === undefined || isDigest(push.digest)).toBe(true);
          expect(v.parse(PushMessageSchema, JSON.parse(toPushBody({ profile: 'ocp' }, push))).push).toEqual(push);
          const message = { schema: 1, profile: 'ocp', push } as const;
          const question = await toQuestion(message, {
            openRegistry: async () => REGISTRY,
            isLastTry: false,
            signal: new AbortController().signal,
          });
          if (question.kind === 'image') {
            expect(`${question.asked.registry}/${question.asked.repository}`).toBe(name);
            expect(question.pullspec.repository).toBe(name);
          }
        }
      }),
      { numRuns: 2_000 },
    );
    expect(reached).toBeGreaterThan(100);
  });
});

function tryReplace(body: Body, [path, replacement]: [string, unknown]): Body {
  try {
    return replaceMember(body, path, replacement);
  } catch {
    // An earlier change took its parent away.
    return body;
  }
}

function parseOrNone(parse: (body: unknown) => ParsedEvent, body: unknown) {
  try {
    const parsed = parse(body);
    return parsed.kind === 'pushes' ? parsed.pushes : [];
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../../lib/base/errors/input-error.ts';
import type { WebhookScope } from '../../../../lib/platform/secrets/webhook-credentials.ts';
import { parseCloudEvents } from '../../../../lib/push/receive/parse/parse-cloudevents.ts';
import { parseEventGrid } from '../../../../lib/push/receive/parse/parse-eventgrid.ts';
import { parseGooglePush } from '../../../../lib/push/receive/parse/parse-google-push.ts';
import { parseJfrogWebhook } from '../../../../lib/push/receive/parse/parse-jfrog-webhook.ts';
import { type Delivery, MAX_PUSHES } from '../../../../lib/push/receive/parse/push.ts';
import {
  ACR,
  AZURE_CLOUD_EVENT,
  DIGEST,
  EVENT_GRID_EVENT,
  EVENT_GRID_VALIDATION,
  GOOGLE_CHANGE,
  HARBOR_CLOUD_EVENT,
  JFROG,
  OTHER_DIGEST,
  replaceMember,
  toPubSub,
  ZOT_CLOUD_EVENT,
  ZOT_DATA,
  ZOT_HEADERS,
} from './samples.ts';

type Parse = (
  body: unknown,
  delivery: Delivery,
) => ReturnType<typeof parseEventGrid> | ReturnType<typeof parseGooglePush>;
type Headers = Readonly<Record<string, string>>;

const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const ZOT: WebhookScope = { source: 'cloudevents', registry: 'zot.example.com' };
const OTHER: WebhookScope = { source: 'cloudevents', registry: 'other.example.com' };
const PLATFORM: WebhookScope = { source: 'jfrog', registry: 'example.jfrog.io' };

/** What is pushed, or the fault, as one line each. */
function outcomesOf(parse: Parse, body: unknown, headers: Headers, scopes: readonly WebhookScope[]): readonly string[] {
  try {
    const parsed = parse(body, { headers, scopes } satisfies Delivery);
    if (parsed.kind === 'validation') return [`validation: ${parsed.code}`];
    if (parsed.kind === 'refused') return [`refused: ${parsed.reason}`];
    if (parsed.kind === 'ignored') return [`ignored: ${parsed.reason}`];
    return parsed.pushes.map(
      ({ source, registry, repository, tag = '', digest = '', eventId = '' }) =>
        `${source} ${registry} ${repository} ${tag} ${digest} ${eventId}`,
    );
  } catch (error) {
    if (error instanceof InputError) return [`${error.code} ${error.message}`];
    throw error;
  }
}

const AZURE_PUSH = `myregistry.azurecr.io hello-world v1 ${DIGEST} ${String(ACR['id'])}`;
const ZOT_PUSH = `cloudevents zot.example.com team/hello-world 1.0 ${DIGEST} ${ZOT_HEADERS['ce-id']}`;
const HARBOR_PUSH = `hub.harbor.com test-webhook/debian debian-latest ${DIGEST} ${String(HARBOR_CLOUD_EVENT['id'])}`;

describe('CloudEvents', () => {
  const withId = (id: unknown) => ({ ...ZOT_CLOUD_EVENT, id });
  const longId = 'x'.repeat(1000);
  const hashed = (id: string) => `sha256:${createHash('sha256').update(id).digest('hex')}`;
  const { data, ...bare } = ZOT_CLOUD_EVENT;
  const encoded = { ...bare, data_base64: Buffer.from(JSON.stringify(data)).toString('base64') };
  const { 'ce-time': _, ...untimed } = ZOT_HEADERS;

  test.each<[name: string, body: unknown, headers: Headers, expected: string]>([
    ['Azure, structured', AZURE_CLOUD_EVENT, STRUCTURED, `cloudevents ${AZURE_PUSH}`],
    ['Harbor, structured', HARBOR_CLOUD_EVENT, STRUCTURED, `cloudevents ${HARBOR_PUSH}`],
    ['Zot, structured', ZOT_CLOUD_EVENT, STRUCTURED, ZOT_PUSH],
    ['Zot, binary', ZOT_DATA, ZOT_HEADERS, ZOT_PUSH],
    ['Zot, binary, without a time', ZOT_DATA, untimed, ZOT_PUSH],
    [
      'Zot, with a type and a source of its own',
      { ...ZOT_CLOUD_EVENT, type: 'com.example.registry.image.updated', source: 'https://zot.example.com/' },
      STRUCTURED,
      ZOT_PUSH,
    ],
    ['Zot, data in base64', encoded, STRUCTURED, ZOT_PUSH],
    [
      'Zot, pushed by digest',
      replaceMember(ZOT_CLOUD_EVENT, 'data.reference', DIGEST),
      STRUCTURED,
      ZOT_PUSH.replace(' 1.0 ', '  '),
    ],
    ['a header in quotes', ZOT_DATA, { ...ZOT_HEADERS, 'ce-id': '"a\\"b"' }, ZOT_PUSH.replace(/\S+$/, 'a"b')],
    ['a header that is encoded', ZOT_DATA, { ...ZOT_HEADERS, 'ce-type': 'x%2Eimage.updated' }, ZOT_PUSH],
    ['an ID too long to record', withId(longId), STRUCTURED, ZOT_PUSH.replace(/\S+$/, hashed(longId))],
    ['an ID of several words', withId('a b'), STRUCTURED, ZOT_PUSH.replace(/\S+$/, hashed('a b'))],
    [
      'headers beside a structured event, which count for nothing',
      ZOT_CLOUD_EVENT,
      { ...ZOT_HEADERS, ...STRUCTURED, 'ce-type': 'x' },
      ZOT_PUSH,
    ],
    [
      'another registry’s source',
      { ...ZOT_CLOUD_EVENT, source: 'https://elsewhere.example.com' },
      STRUCTURED,
      ZOT_PUSH.replace('zot.example', 'elsewhere.example'),
    ],
    [
      'Azure, a deletion',
      { ...AZURE_CLOUD_EVENT, type: 'Microsoft.ContainerRegistry.ImageDeleted' },
      STRUCTURED,
      'ignored: type is "Microsoft.ContainerRegistry.ImageDeleted"',
    ],
    [
      'Azure, a chart',
      { ...AZURE_CLOUD_EVENT, type: 'Microsoft.ContainerRegistry.ChartPushed' },
      STRUCTURED,
      'ignored: type is "Microsoft.ContainerRegistry.ChartPushed"',
    ],
    [
      'Harbor, a deletion',
      { ...HARBOR_CLOUD_EVENT, type: 'harbor.artifact.deleted' },
      STRUCTURED,
      'ignored: type is "harbor.artifact.deleted"',
    ],
    [
      'Zot, a deletion',
      ZOT_DATA,
      { ...ZOT_HEADERS, 'ce-type': 'zotregistry.image.deleted' },
      'ignored: type is "zotregistry.image.deleted"',
    ],
    [
      'Zot, no manifest',
      replaceMember(ZOT_DATA, 'mediaType', 'application/json'),
      ZOT_HEADERS,
      'ignored: data.mediaType is "application/json"',
    ],
    ['an empty batch', [], BATCH, 'ignored: the batch is empty'],
    [
      'another version',
      { ...ZOT_CLOUD_EVENT, specversion: '0.3' },
      STRUCTURED,
      'BodyInvalid specversion: expected 1.0, the version that is read',
    ],
    ['no ID', replaceMember(ZOT_CLOUD_EVENT, 'id', undefined), STRUCTURED, 'BodyInvalid id: missing'],
    ['an empty ID', withId(''), STRUCTURED, 'BodyInvalid id: expected text'],
    ['no source', ZOT_DATA, (({ 'ce-source': __, ...rest }) => rest)(ZOT_HEADERS), 'BodyInvalid ce-source: missing'],
    [
      'no attributes',
      ZOT_DATA,
      JSON_TYPE,
      'BodyInvalid ce-specversion: missing; an event that is whole in the body has content-type application/cloudevents+json or application/cloudevents-batch+json',
    ],
    [
      'a header that is no UTF-8',
      ZOT_DATA,
      { ...ZOT_HEADERS, 'ce-id': '%C0%A0' },
      'BodyInvalid ce-id: expected percent-encoded UTF-8',
    ],
    [
      'two headers of one name',
      ZOT_DATA,
      { ...ZOT_HEADERS, 'ce-specversion': '1.0,1.0' },
      'BodyInvalid specversion: expected 1.0, the version that is read',
    ],
    [
      'an event where a batch is said to be',
      ZOT_CLOUD_EVENT,
      BATCH,
      'BodyInvalid the body: expected an array of events',
    ],
    ['a batch where an event is said to be', [ZOT_CLOUD_EVENT], STRUCTURED, 'BodyInvalid the body: expected object'],
    ['a batch with what is no event', [ZOT_CLOUD_EVENT, 1], BATCH, 'BodyInvalid 1: expected object'],
    [
      'a digest that is none',
      replaceMember(ZOT_CLOUD_EVENT, 'data.digest', 'sha256:1'),
      STRUCTURED,
      'BodyInvalid data.digest: ',
    ],
    [
      'a digest that is none, in a batch',
      [AZURE_CLOUD_EVENT, replaceMember(AZURE_CLOUD_EVENT, 'data.target.digest', 'x')],
      BATCH,
      'BodyInvalid 1.data.target.digest: ',
    ],
    [
      'a repository that climbs',
      replaceMember(ZOT_CLOUD_EVENT, 'data.name', '../x'),
      STRUCTURED,
      'BodyInvalid data.name: ',
    ],
    ['a source that names no host', { ...ZOT_CLOUD_EVENT, source: 'https://' }, STRUCTURED, 'BodyInvalid source: '],
    ['no data', bare, STRUCTURED, 'BodyInvalid data: '],
    ['base64 that is none', { ...bare, data_base64: '*' }, STRUCTURED, 'BodyInvalid data_base64: expected base64'],
    ['base64 of no JSON', { ...bare, data_base64: 'YWJj' }, STRUCTURED, 'BodyInvalid data_base64: not strict JSON'],
    ['more than is taken', Array.from({ length: MAX_PUSHES + 1 }, () => ZOT_CLOUD_EVENT), BATCH, 'BodyTooLarge '],
  ])('%s', (_name, body, headers, expected) => {
    expect(outcomesOf(parseCloudEvents, body, headers, [ZOT])[0]?.slice(0, Math.max(expected.length, 12))).toBe(
      expected,
    );
  });

  test('a batch of all that are known, and of what is ignored', () => {
    const deleted = { ...AZURE_CLOUD_EVENT, type: 'Microsoft.ContainerRegistry.ImageDeleted' };
    expect(
      outcomesOf(parseCloudEvents, [AZURE_CLOUD_EVENT, deleted, HARBOR_CLOUD_EVENT, ZOT_CLOUD_EVENT], BATCH, [ZOT]),
    ).toEqual([`cloudevents ${AZURE_PUSH}`, `cloudevents ${HARBOR_PUSH}`, ZOT_PUSH]);
  });

  test('Zot’s registry is not guessed of two', () => {
    expect(outcomesOf(parseCloudEvents, ZOT_DATA, ZOT_HEADERS, [ZOT, OTHER])).toEqual([
      'BodyInvalid source: no registry is named, and the credential is for several',
    ]);
  });
});

describe('Event Grid', () => {
  const validation = (code: unknown) => [replaceMember(EVENT_GRID_VALIDATION, 'data.validationCode', code)];
  test.each<[name: string, body: unknown, headers: Headers, expected: readonly string[]]>([
    ['a push', [EVENT_GRID_EVENT], JSON_TYPE, [`eventgrid ${AZURE_PUSH}`]],
    [
      'two pushes and a deletion',
      [
        EVENT_GRID_EVENT,
        { ...EVENT_GRID_EVENT, eventType: 'Microsoft.ContainerRegistry.ImageDeleted' },
        replaceMember(EVENT_GRID_EVENT, 'data.target.digest', OTHER_DIGEST),
      ],
      JSON_TYPE,
      [`eventgrid ${AZURE_PUSH}`, `eventgrid ${AZURE_PUSH.replace(DIGEST, OTHER_DIGEST)}`],
    ],
    ['CloudEvents, one', AZURE_CLOUD_EVENT, STRUCTURED, [`eventgrid ${AZURE_PUSH}`]],
    ['CloudEvents, a batch', [AZURE_CLOUD_EVENT], BATCH, [`eventgrid ${AZURE_PUSH}`]],
    [
      'CloudEvents, binary',
      ACR,
      { ...ZOT_HEADERS, 'ce-type': 'Microsoft.ContainerRegistry.ImagePushed' },
      [`eventgrid ${AZURE_PUSH}`],
    ],
    ['the validation', [EVENT_GRID_VALIDATION], JSON_TYPE, ['validation: 512d38b6-c7b8-40c8-89fe-f46f9e9622b6']],
    [
      'the end of a subscription',
      [{ ...EVENT_GRID_VALIDATION, eventType: 'Microsoft.EventGrid.SubscriptionDeletedEvent' }],
      JSON_TYPE,
      ['ignored: eventType is "Microsoft.EventGrid.SubscriptionDeletedEvent"'],
    ],
    [
      'a layer',
      [replaceMember(replaceMember(EVENT_GRID_EVENT, 'data.target.tag', undefined), 'data.target.mediaType', 'x/y')],
      JSON_TYPE,
      ['ignored: target.mediaType is "x/y"'],
    ],
    ['nothing', [], JSON_TYPE, ['ignored: the body has no events']],
    ['an event without its list', EVENT_GRID_EVENT, JSON_TYPE, ['BodyInvalid the body: expected an array of events']],
    [
      'a validation among others',
      [EVENT_GRID_EVENT, EVENT_GRID_VALIDATION],
      JSON_TYPE,
      ['BodyInvalid 1: a validation comes alone'],
    ],
    [
      'a code of markup',
      validation('<b>'),
      JSON_TYPE,
      ['BodyInvalid 0.data.validationCode: expected letters, digits and "-"'],
    ],
    [
      'a long code',
      validation('a'.repeat(129)),
      JSON_TYPE,
      ['BodyInvalid 0.data.validationCode: expected at most 128 characters'],
    ],
    ['no code', validation(undefined), JSON_TYPE, ['BodyInvalid 0.data.validationCode: missing']],
    ['no data', [{ eventType: EVENT_GRID_EVENT['eventType'] }], JSON_TYPE, ['BodyInvalid 0.data: missing']],
    [
      'no host',
      [replaceMember(EVENT_GRID_EVENT, 'data.request.host', undefined)],
      JSON_TYPE,
      ['BodyInvalid 0.data.request.host: missing'],
    ],
    ['no type', [{}], JSON_TYPE, ['BodyInvalid 0.eventType: missing']],
  ])('%s', (_, body, headers, expected) => {
    expect(outcomesOf(parseEventGrid, body, headers, [])).toEqual(expected);
  });
});

describe('JFrog', () => {
  const alone: WebhookScope = {
    source: 'jfrog',
    registry: 'docker-local.example.com',
    platform: 'example.jfrog.io',
    repositoryKey: 'docker-local',
  };
  const unnamed = replaceMember(JFROG, 'jpd_origin', undefined);
  const inPath = `jfrog example.jfrog.io docker-local/team/hello-world latest ${DIGEST} `;
  const atHost = `jfrog docker-local.example.com team/hello-world latest ${DIGEST} `;
  test.each<[name: string, body: unknown, scopes: readonly WebhookScope[], expected: string]>([
    ['a list', JFROG, [PLATFORM], inPath],
    ['an image', replaceMember(JFROG, 'data.name', 'manifest.json'), [PLATFORM], inPath],
    ['an older platform, which names none', unnamed, [PLATFORM], inPath],
    [
      'a platform with a context',
      replaceMember(JFROG, 'jpd_origin', 'https://example.jfrog.io/artifactory'),
      [PLATFORM],
      inPath,
    ],
    ['a host of the repository', JFROG, [alone], atHost],
    ['the host before the platform', JFROG, [PLATFORM, alone], atHost],
    [
      'another repository, by the platform',
      replaceMember(JFROG, 'data.repo_key', 'other'),
      [PLATFORM, alone],
      inPath.replace('docker-local', 'other'),
    ],
    [
      'another repository than the host’s',
      replaceMember(JFROG, 'data.repo_key', 'other'),
      [alone],
      'ignored: data.repo_key is "other"',
    ],
    [
      'pushed by digest',
      replaceMember(JFROG, 'data.tag', `sha256__${'8a9e'.repeat(16)}`),
      [PLATFORM],
      inPath.replace('latest', ''),
    ],
    [
      'another platform',
      replaceMember(JFROG, 'jpd_origin', 'https://other.jfrog.io'),
      [PLATFORM],
      inPath.replace('example.jfrog', 'other.jfrog'),
    ],
    ['a deletion', replaceMember(JFROG, 'event_type', 'deleted'), [PLATFORM], 'ignored: event_type is "deleted"'],
    ['a promotion', replaceMember(JFROG, 'event_type', 'promoted'), [PLATFORM], 'ignored: event_type is "promoted"'],
    ['another domain', replaceMember(JFROG, 'domain', 'artifact'), [PLATFORM], 'ignored: domain is "artifact"'],
    ['a layer', replaceMember(JFROG, 'data.name', 'sha256__ab'), [PLATFORM], 'ignored: data.name is "sha256__ab"'],
    [
      'a digest that is none',
      replaceMember(JFROG, 'data.sha256', 'sample_checksum'),
      [PLATFORM],
      'BodyInvalid data.sha256: ',
    ],
    [
      'a digest in capitals',
      replaceMember(JFROG, 'data.sha256', 'A'.repeat(64)),
      [PLATFORM],
      'BodyInvalid data.sha256: ',
    ],
    [
      'an origin that is no URL',
      replaceMember(JFROG, 'jpd_origin', 'example.jfrog.io'),
      [PLATFORM],
      'BodyInvalid jpd_origin: expected a URL',
    ],
    [
      'a repository that climbs',
      replaceMember(JFROG, 'data.repo_key', '..'),
      [PLATFORM],
      'BodyInvalid data.image_name: ',
    ],
    [
      'two registries, and a platform that names none',
      unnamed,
      [PLATFORM, { ...PLATFORM, registry: 'other.jfrog.io' }],
      'BodyInvalid jpd_origin: no registry is named, and the credential is for several',
    ],
    ['no data', { domain: 'docker', event_type: 'pushed' }, [PLATFORM], 'BodyInvalid data: missing'],
    ['no object', [], [PLATFORM], 'BodyInvalid '],
  ])('%s', (_, body, scopes, expected) => {
    expect(outcomesOf(parseJfrogWebhook, body, JSON_TYPE, scopes)[0]?.slice(0, Math.max(expected.length, 12))).toBe(
      expected,
    );
  });
});

describe('Google', () => {
  const own: WebhookScope = { source: 'google', registry: 'us-east1-docker.pkg.dev' };
  const named = { ...own, subscription: 'projects/my-project/subscriptions/signet' };
  const pushed = (tag: string) =>
    `google us-east1-docker.pkg.dev my-project/my-repo/hello-world ${tag} ${DIGEST} 136969346945`;
  const change = (member: string, value: unknown) => toPubSub(replaceMember(GOOGLE_CHANGE, member, value));
  test.each<[name: string, body: unknown, scopes: readonly WebhookScope[], expected: string]>([
    ['a push by tag', toPubSub(GOOGLE_CHANGE), [own], pushed('1.1')],
    ['a push by digest', change('tag', undefined), [own], pushed('')],
    ['a tag alone', change('digest', undefined), [own], pushed('1.1').replace(DIGEST, '')],
    ['the subscription of the credential', toPubSub(GOOGLE_CHANGE), [named], pushed('1.1')],
    [
      'another subscription',
      { ...toPubSub(GOOGLE_CHANGE), subscription: 'projects/x/subscriptions/y' },
      [named],
      'refused: its credential is for another subscription',
    ],
    ['a deletion', change('action', 'DELETE'), [own], 'ignored: action is "DELETE"'],
    [
      'a deletion of what is named oddly',
      toPubSub({ action: 'DELETE', tag: 'x' }),
      [own],
      'ignored: action is "DELETE"',
    ],
    ['an action that is not known', change('action', 'insert'), [own], 'ignored: action is "insert"'],
    [
      'neither',
      toPubSub({ action: 'INSERT' }),
      [own],
      'BodyInvalid message.data: neither a digest nor a tag was pushed',
    ],
    [
      'a digest that is none',
      change('digest', 'us-east1-docker.pkg.dev/p/r/i@sha256:6ec128e26cd5'),
      [own],
      'BodyInvalid message.data.digest: ',
    ],
    [
      'a tag of another repository',
      change('tag', 'us-east1-docker.pkg.dev/p/r/i:1.1'),
      [own],
      'BodyInvalid message.data.tag: it is of another repository than the digest',
    ],
    [
      'a repository that climbs',
      change('digest', `us-east1-docker.pkg.dev/../r@${DIGEST}`),
      [own],
      'BodyInvalid message.data.digest: ',
    ],
    [
      'data that is no base64',
      replaceMember(toPubSub(GOOGLE_CHANGE), 'message.data', '*'),
      [own],
      'BodyInvalid message.data: expected base64',
    ],
    ['data that is no JSON', toPubSub('INSERT'), [own], 'BodyInvalid message.data: not strict JSON'],
    [
      'data with a member twice',
      toPubSub('{"action":"INSERT","action":"DELETE"}'),
      [own],
      'BodyInvalid message.data: not strict JSON',
    ],
    ['no message', { subscription: 'x' }, [own], 'BodyInvalid message: missing'],
    ['what is unwrapped', GOOGLE_CHANGE, [own], 'BodyInvalid message: missing'],
  ])('%s', (_, body, scopes, expected) => {
    expect(outcomesOf(parseGooglePush, body, JSON_TYPE, scopes)[0]?.slice(0, Math.max(expected.length, 12))).toBe(
      expected,
    );
  });
});

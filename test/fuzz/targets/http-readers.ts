import { isJsonObject } from '../../../lib/base/documents/json-value.ts';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository, repositoryPath } from '../../../lib/base/names/reference.ts';
import { parseAdmissionReview } from '../../../lib/cluster/admission/admission-review.ts';
import { readRequestedImages } from '../../../lib/cluster/admission/requested-images.ts';
import type { HttpSender } from '../../../lib/platform/http/http-client.ts';
import { toProblemResponse } from '../../../lib/platform/lambda/http-stack.ts';
import { parseJsonBytes } from '../../../lib/platform/lambda/read-request.ts';
import { WEBHOOK_SOURCES } from '../../../lib/platform/secrets/webhook-credentials.ts';
import { parseEcrEvent } from '../../../lib/push/receive/parse/parse-ecr-event.ts';
import {
  type ForeignEvent,
  MAX_PUSHES,
  type ParsedEvent,
  type Validation,
} from '../../../lib/push/receive/parse/push.ts';
import { toWebhookFormat } from '../../../lib/push/receive/webhook-formats.ts';
import { createAllowedRegistries } from '../../../lib/registry/client/allowed-registries.ts';
import { INDEX_MEDIA_TYPE, listReferrers, MAX_REFERRER_PAGES } from '../../../lib/registry/client/list-referrers.ts';
import { parseChallenges } from '../../../lib/registry/client/parse-challenges.ts';
import { createTokenAuth } from '../../../lib/registry/client/token-auth.ts';
import { parseApiRequest } from '../../../lib/verdict/decide/request.ts';
import { LIMIT_BYTES, type RawServer } from './raw-server.ts';

/** One reader of something that comes over HTTP, and the errors that it declares. */
export interface HttpReader {
  readonly name: string;
  readonly form: 'header' | 'body' | 'response';
  readonly declared: readonly (abstract new (...args: never[]) => Error)[];
  /** What is wrong with what was taken; undefined where all is well. */
  readonly read: (bytes: Uint8Array) => string | undefined | Promise<string | undefined>;
}

const REGISTRY = 'registry.example.com';
const TOKEN_HOST = 'auth.example.com';
const REPOSITORY = parseRepository(`${REGISTRY}/product/release`);
const DIGEST = parseDigest(`sha256:${'a1'.repeat(32)}`);
const EMPTY_INDEX = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [] }));
const TOKEN_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Node refuses a header with such characters in it, before anything of ours is sent. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;
const { signal } = new AbortController();

export function createHttpReaders(server: RawServer): readonly HttpReader[] {
  return [
    { name: 'challenge', form: 'header', declared: [StoreError], read: readChallenges },
    { name: 'token', form: 'header', declared: [StoreError], read: answerChallenge },
    { name: 'Link', form: 'header', declared: [StoreError], read: followLinks },
    { name: 'answer', form: 'response', declared: [StoreError], read: (bytes) => readAnswer(server, bytes) },
    { name: 'verify request', form: 'body', declared: [InputError], read: readApiRequest },
    { name: 'admission review', form: 'body', declared: [InputError], read: readReview },
    {
      name: 'ecr',
      form: 'body',
      declared: [InputError],
      read: (bytes) => findPushFault(parseEcrEvent(parseJsonBytes(bytes)), bytes),
    },
    ...WEBHOOK_SOURCES.map((source): HttpReader => {
      const { parse } = toWebhookFormat(source);
      const type = source === 'cloudevents' ? 'application/cloudevents+json' : 'application/json';
      const delivery = { headers: { 'content-type': type }, scopes: [{ source, registry: REGISTRY }] };
      return {
        name: source,
        form: 'body',
        declared: [InputError],
        read: (bytes) => findPushFault(parse(parseJsonBytes(bytes), delivery), bytes),
      };
    }),
  ];
}

/** As Node has a header: one character for each octet. */
function toHeader(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function readChallenges(bytes: Uint8Array): string | undefined {
  const challenges = parseChallenges(toHeader(bytes));
  const names = challenges.flatMap(({ scheme, parameters }) => [scheme, ...parameters.keys()]);
  const odd = names.find((name) => !TOKEN_NAME.test(name));
  return odd === undefined ? undefined : `a name ${JSON.stringify(odd)}`;
}

/** Whatever a registry says, the token is asked of an allowed host, over https, for this repository. */
async function answerChallenge(bytes: Uint8Array): Promise<string | undefined> {
  const asked: URL[] = [];
  const http: HttpSender = {
    send: async (url) => {
      asked.push(new URL(url));
      return { status: 200, headers: {}, bytes: Buffer.from('{"token":"abc"}'), url: new URL(url) };
    },
  };
  const allowed = createAllowedRegistries({ allowedHosts: [REGISTRY, TOKEN_HOST] });
  const url = new URL(`https://${REGISTRY}/v2/`);
  await createTokenAuth({ http, allowed }).answer({ repository: REPOSITORY, url, header: toHeader(bytes), signal });
  const scope = `repository:${repositoryPath(REPOSITORY)}:pull`;
  const wrong = asked.find(
    ({ protocol, host, searchParams }) =>
      protocol !== 'https:' ||
      ![REGISTRY, TOKEN_HOST].includes(host) ||
      searchParams.getAll('scope').join(' ') !== scope,
  );
  return wrong === undefined ? undefined : `asks ${wrong.href}`;
}

/** Whatever a Link says, the same list of the same registry is asked, for so many pages at most. */
async function followLinks(bytes: Uint8Array): Promise<string | undefined> {
  const link = toHeader(bytes);
  if (UNSENDABLE.test(link)) throw new StoreError('BodyInvalid', 'no header');
  const base = `referrers/${DIGEST}`;
  const paths: string[] = [];
  const url = new URL(`https://${REGISTRY}/v2/${repositoryPath(REPOSITORY)}/${base}`);
  const ask = async ({ path }: { readonly path: string }) => {
    paths.push(path);
    const headers = { 'content-type': INDEX_MEDIA_TYPE, ...(paths.length < 3 ? { link } : {}) };
    return { status: 200, headers, bytes: EMPTY_INDEX, url };
  };
  await listReferrers({ ask }, REPOSITORY, DIGEST, signal);
  const wrong = paths.find((path) => path !== base && !path.startsWith(`${base}?`));
  if (wrong !== undefined) return `asks ${wrong}`;
  return paths.length > MAX_REFERRER_PAGES ? `asks for ${paths.length} pages` : undefined;
}

async function readAnswer(server: RawServer, bytes: Uint8Array): Promise<string | undefined> {
  const { status, bytes: body } = await server.ask(bytes);
  if (body.length > LIMIT_BYTES) return `a body of ${body.length} bytes`;
  return Number.isInteger(status) ? undefined : `a status ${status}`;
}

function readApiRequest(bytes: Uint8Array): string | undefined {
  const body = parseJsonBytes(bytes);
  for (const takesForce of [true, false]) {
    const { force, pullspec } = parseOrRefuse(() => parseApiRequest(body, { takesForce })) ?? {};
    if (force === true && !takesForce) return 'force where it is not taken';
    if (pullspec !== undefined && isJsonObject(body) && body['pullspec'] !== pullspec.text) return 'another pullspec';
  }
  parseApiRequest(body, { takesForce: true });
  return undefined;
}

/** The handler answers every error with a problem document: that must not throw either. */
function parseOrRefuse<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (toProblemResponse(error).statusCode === 500) throw error;
    return undefined;
  }
}

function readReview(bytes: Uint8Array): undefined {
  const review = parseAdmissionReview(parseJsonBytes(bytes));
  for (const resource of ['clusterversions', 'clusterdeployments', 'clusterimagesets'] as const) {
    parseOrRefuse(() => readRequestedImages(resource, review));
  }
}

/** A digest is one that the sender wrote, and a repository is in its one spelling. */
function findPushFault(event: ParsedEvent | Validation | ForeignEvent, bytes: Uint8Array): string | undefined {
  if (event.kind === 'validation') return /^[0-9A-Za-z-]{1,128}$/.test(event.code) ? undefined : 'an odd code';
  if (event.kind === 'ignored' || event.kind === 'refused')
    return event.reason.length > 200 ? `a reason of ${event.reason.length} characters` : undefined;
  if (event.pushes.length > MAX_PUSHES) return `${event.pushes.length} pushes`;
  const body: unknown = JSON.parse(Buffer.from(bytes).toString());
  const said = JSON.stringify(body) + decodeData(body);
  for (const { registry, repository, digest } of event.pushes) {
    if (parseRepository(`${registry}/${repository}`) !== `${registry}/${repository}`) return 'another spelling';
    if (digest !== undefined && !said.includes(digest.slice(digest.indexOf(':') + 1)))
      return `a digest that nobody sent: ${digest}`;
  }
  return undefined;
}

/** What CloudEvents and Pub/Sub carry as base64. */
function decodeData(body: unknown): string {
  if (!isJsonObject(body)) return '';
  const { data_base64: event, message } = body;
  const data = event ?? (isJsonObject(message) ? message['data'] : undefined);
  return typeof data === 'string' ? Buffer.from(data, 'base64').toString() : '';
}

import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { request as requestTls, Agent as TlsAgent } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createHandler } from '../../functions/review-admission/handler.ts';
import { createVerdictReuse } from '../../lib/cluster/admission/verdict-reuse.ts';
import { type HttpHandler, toJsonResponse, wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import { createDirectoryObjectStore } from '../../lib/platform/objects/directory/directory-object-store.ts';
import { createUpstreamStores, openMirror } from '../../lib/stores/open/open-stores.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { readTrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import { publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createAcceptances } from '../../lib/verdict/records/list-accepted.ts';
import { createQuestions } from '../../lib/verdict/records/questions.ts';
import { type LocalHandlers, startHttpFront } from '../../local/http-front.ts';
import { issueCertificate, makeAuthority } from '../../test/apiserver/make-certificates.ts';
import { findTool } from '../../test/support/tools.ts';
import type { Row } from '../row.ts';

const FIXTURES = path.join(import.meta.dirname, '../../test/fixtures/releases');
const TOKEN = 'bench-5f1b9f0d6f3a4c0e8f2f6a7b8c9d0e1f';
const WARM_REQUESTS = 2000;
const REQUESTS = 10_000;
const RATIO = 3;
/** The same over TLS, which both sides pay for. */
const TLS_RATIO = 2;

const telemetry = { log: () => undefined, count: () => undefined, measure: () => undefined, flush: () => undefined };

/**
 * Admission of an image whose verdict is reused, beside a handler that answers without looking: both on loopback over a
 * kept connection, with the same body. Over TLS 1.3 and HTTP/1.1 as well, which is what an API server and the service
 * agree on: the service offers no HTTP/2.
 */
export async function measureAdmission(): Promise<readonly Row[]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'signet-bench-'));
  try {
    const handler = await openHandler(directory);
    const empty = wrapHttp(async () => toJsonResponse(200, { response: { allowed: true } }), telemetry);
    const handlers: LocalHandlers = {
      'check-pullspec': empty,
      'verify-image': empty,
      'serve-signature': empty,
      'read-records': empty,
      'receive-push': empty,
      'review-admission': handler,
      'export-bundle': empty,
      'redrive-letters': empty,
      'local-events': empty,
      'local-downloads': empty,
      'local-discovery': empty,
      'local-metrics': empty,
      'serve-page': empty,
    };
    const review = await writeReview();
    const plain = await measureOver(handlers, review, undefined);
    const issued = findTool('openssl') === undefined ? undefined : await issue(directory);
    const tls = issued === undefined ? undefined : await measureOver(handlers, review, issued);
    return [
      {
        name: 'admission with a reusable verdict, 99th percentile',
        unit: 'ms',
        ...plain,
        beside: 'an empty handler',
        goal: { kind: 'at most', ratio: RATIO },
      },
      {
        id: 'admission-tls',
        name: 'the same over HTTPS, 99th percentile',
        unit: 'ms',
        ours: tls?.ours ?? Number.NaN,
        theirs: tls?.theirs,
        beside: 'an empty handler over the same',
        missing: 'there is no openssl',
        goal: { kind: 'at most', ratio: TLS_RATIO },
      },
    ];
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Certificate, key and authority of a service on loopback. */
async function issue(directory: string) {
  const authority = await makeAuthority(directory, 'authority');
  const made = await issueCertificate(directory, authority, {
    file: 'service',
    commonName: 'signet',
    names: ['127.0.0.1'],
  });
  return { ...made, authority: await readFile(authority.cert) };
}

async function measureOver(
  handlers: LocalHandlers,
  review: string,
  issued: Awaited<ReturnType<typeof issue>> | undefined,
) {
  const tls = issued === undefined ? undefined : { cert: issued.cert, key: issued.key };
  const front = await startHttpFront({ port: 0, host: '127.0.0.1', tls });
  front.serve(handlers);
  const kept = { keepAlive: true, maxSockets: 1 };
  const agent = issued === undefined ? new Agent(kept) : new TlsAgent({ ...kept, ca: issued.authority });
  try {
    return await measureInTurn(front.url, review, agent);
  } finally {
    agent.destroy();
    await front.close();
  }
}

async function openHandler(directory: string): Promise<HttpHandler> {
  await cp(path.join(FIXTURES, 'signatures'), path.join(directory, 'signatures'), { recursive: true });
  const objects = createDirectoryObjectStore(directory);
  const [profile] = await readTrustDirectory(path.join(FIXTURES, 'trust'));
  if (profile === undefined) throw new Error('there is no fixture profile');
  await publishTrust(objects, await prepareTrust(profile.profile, profile.documents), profile.documents);
  const now = (): Date => new Date();
  const tokenSha256 = createHash('sha256').update(TOKEN).digest('hex');
  return createHandler({
    trust: createTrustSource(objects, [profile.profile], now),
    clusters: { read: async () => [{ cluster: 'bench', tokenSha256 }] },
    objects,
    acceptances: createAcceptances(objects),
    mirror: openMirror(objects),
    upstream: createUpstreamStores({}),
    // Many clusters, asked for as one.
    rate: { take: () => true },
    questions: createQuestions(),
    reuse: createVerdictReuse(objects),
    telemetry,
    now,
  });
}

async function writeReview(): Promise<string> {
  const { releases } = JSON.parse(await readFile(path.join(FIXTURES, 'releases.json'), 'utf8')) as {
    readonly releases: readonly { readonly pullspec: string; readonly expected: string }[];
  };
  const releaseImage = releases.find(({ expected }) => expected === 'accept')?.pullspec;
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      operation: 'CREATE',
      resource: { group: 'hive.openshift.io', version: 'v1', resource: 'clusterimagesets' },
      object: { apiVersion: 'hive.openshift.io/v1', kind: 'ClusterImageSet', spec: { releaseImage } },
      oldObject: null,
      dryRun: false,
    },
  });
}

/** One request of each after the other, so that whatever the machine does befalls both. */
async function measureInTurn(url: string, review: string, agent: Agent) {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = -WARM_REQUESTS; round < REQUESTS; round++) {
    for (const [route, times] of [
      [`/admission/${TOKEN}/clusterimagesets?timeout=10s`, ours],
      ['/v1/verify?timeout=10s', theirs],
    ] as const) {
      const started = performance.now();
      const answer = await post(`${url}${route}`, review, agent);
      if (!answer.includes('"allowed":true')) throw new Error(answer);
      if (round >= 0) times.push(performance.now() - started);
    }
  }
  return { ours: percentile(ours), theirs: percentile(theirs) };
}

async function post(url: string, body: string, agent: Agent): Promise<string> {
  return await new Promise<string>((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const send = url.startsWith('https:') ? requestTls : request;
    const sent = send(url, { method: 'POST', agent, headers }, (response) => {
      let answer = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        answer += text;
      });
      response.on('end', () => resolve(answer));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function percentile(times: readonly number[]): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}

import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { createHandler, type Dependencies } from '../../../functions/review-admission/handler.ts';
import { type Digest, parseDigest } from '../../../lib/base/names/digest.ts';
import { parseAdmissionCredentials } from '../../../lib/cluster/admission/admission-credentials.ts';
import { createReviewRate } from '../../../lib/cluster/admission/review-admission.ts';
import { createVerdictReuse } from '../../../lib/cluster/admission/verdict-reuse.ts';
import { ADMISSION_KINDS, type AdmissionResource } from '../../../lib/cluster/objects/admission-kinds.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { createAcceptances } from '../../../lib/verdict/records/list-accepted.ts';
import { createQuestions } from '../../../lib/verdict/records/questions.ts';
import { createLocalContext } from '../../../local/local-context.ts';
import { toDigest } from '../../fixtures/make/payload.ts';
import { FIXTURE_TIME, readFixtureTrust } from '../../support/fixture-releases.ts';
import { toHttpEvent } from '../../support/http-event.ts';
import { makeSigner } from '../../support/make-signer.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { createKeptTelemetry } from '../../support/quiet-telemetry.ts';
import { releaseOnly } from '../../support/untouched-store.ts';

export const CANONICAL = 'quay.io/openshift-release-dev/ocp-release';
export const SIGNED: Digest = parseDigest(toDigest('signed'));
export const UNSIGNED: Digest = parseDigest(toDigest('unsigned'));
export const GOOD = `${CANONICAL}@${SIGNED}`;
export const UNKNOWN = `${CANONICAL}@${UNSIGNED}`;
export const FOREIGN = `example.com/my/openshift@${SIGNED}`;
export const UID = '705ab4f5-6393-11e8-b7cc-42010a800002';
/** Of the cluster `hub`, whose profile is ocp, and of `edge`, whose profile is okd. */
export const TOKEN = 'hub-5f1b9f0d6f3a4c0e8f2f6a7b8c9d0e1f';
export const OTHER_TOKEN = 'edge-5f1b9f0d6f3a4c0e8f2f6a7b8c9d0e1';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const CREDENTIALS = JSON.stringify({
  schema: 1,
  clusters: [
    { cluster: 'hub', profile: 'ocp', tokenSha256: sha256(TOKEN) },
    { cluster: 'edge', profile: 'okd', tokenSha256: sha256(OTHER_TOKEN) },
  ],
});

export const signer = await makeSigner('release');
const { prepared: fixture } = await readFixtureTrust();

export function trustOf(change: Partial<PreparedTrust> = {}, refreshedAt = FIXTURE_TIME): ReadyTrust {
  return toReadyTrust({ ...fixture, keyrings: [signer.keyring], ...change }, refreshedAt);
}

export interface World {
  readonly objects?: ObjectStore;
  readonly trust?: Partial<PreparedTrust>;
  readonly upstream?: SignatureStore;
  readonly mirror?: SignatureStore;
  readonly now?: () => Date;
  readonly dependencies?: Partial<Dependencies>;
}

/** The function over these stores; one release is signed, upstream. */
export function setUpAdmission(world: World = {}) {
  const { objects = createMemoryObjectStore(), now = () => FIXTURE_TIME } = world;
  const signatures = new Map([[SIGNED, [signer.sign(SIGNED)]]]);
  const memory = createMemorySignatureStore(signatures, { description: 'upstream' });
  const { upstream = memory, mirror = createMemorySignatureStore(new Map(), { description: 'mirror' }) } = world;
  const telemetry = createKeptTelemetry();
  let prepared: Partial<PreparedTrust> = world.trust ?? {};
  const handler = createHandler({
    trust: {
      profiles: ['ocp', 'okd'],
      read: async (profile = 'ocp') => trustOf({ ...toProfile(profile), ...prepared }, now()),
    },
    clusters: { read: async () => parseAdmissionCredentials(CREDENTIALS) },
    objects,
    acceptances: createAcceptances(objects),
    mirror: releaseOnly(mirror),
    upstream: { open: () => releaseOnly(upstream), close: () => undefined },
    rate: createReviewRate(),
    questions: createQuestions(),
    reuse: createVerdictReuse(objects),
    telemetry,
    now,
    ...world.dependencies,
  });
  const ask = async ({
    resource = 'clusterversions',
    token = TOKEN,
    timeout = '10s',
    body,
    path: asked,
    headers,
  }: Asking) => {
    const path = asked ?? `/admission/${token}/${resource}`;
    const event = toHttpEvent({ method: 'POST', path, query: { timeout }, body, headers });
    event.requestContext.timeEpoch = now().getTime();
    const result = await handler(event, createLocalContext('review-admission'));
    return { status: result.statusCode ?? 0, body: result.body ?? '' };
  };
  const review = async (asking: Asking) => {
    const { status, body } = await ask(asking);
    if (status !== 200) throw new Error(`${status}: ${body}`);
    return v.parse(Reviewed, JSON.parse(body)).response;
  };
  return {
    ask,
    review,
    objects,
    contacts: memory.contacts,
    telemetry,
    setTrust: (change: Partial<PreparedTrust>) => {
      prepared = change;
    },
  };
}

function toProfile(profile: string): Partial<PreparedTrust> {
  return profile === 'ocp' ? {} : { profile, canonicalRepositories: [], revision: '1'.repeat(64) };
}

interface Asking {
  readonly resource?: AdmissionResource | 'pods';
  readonly token?: string;
  readonly timeout?: string;
  /** In place of token and resource. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is; anything else as JSON. */
  readonly body: unknown;
}

const Reviewed = v.strictObject({
  apiVersion: v.literal('admission.k8s.io/v1'),
  kind: v.literal('AdmissionReview'),
  response: v.strictObject({
    uid: v.literal(UID),
    allowed: v.boolean(),
    warnings: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(256))), v.maxLength(12))),
    status: v.optional(
      v.strictObject({ status: v.literal('Failure'), code: v.number(), reason: v.string(), message: v.string() }),
    ),
    auditAnnotations: v.optional(v.objectWithRest({ record: v.string() }, v.string())),
  }),
});

export interface ReviewParts {
  readonly operation?: string;
  readonly object?: unknown;
  readonly oldObject?: unknown;
  readonly dryRun?: boolean;
  readonly version?: string;
}

/** An AdmissionReview as an API server writes it. */
export function toReview(resource: AdmissionResource, parts: ReviewParts): object {
  const { operation = 'UPDATE', object = null, oldObject = null, dryRun = false } = parts;
  const { group, version, kind } = ADMISSION_KINDS[resource];
  const named = parts.version ?? version;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: UID,
      kind: { group, version: named, kind },
      resource: { group, version: named, resource },
      requestKind: { group, version: named, kind },
      requestResource: { group, version: named, resource },
      name: 'version',
      operation,
      userInfo: { username: 'system:admin', groups: ['system:masters', 'system:authenticated'] },
      object,
      oldObject,
      dryRun,
      options: { kind: 'UpdateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

const AVAILABLE = [
  { version: '4.99.1', image: GOOD, url: 'https://example.com/errata' },
  { version: '4.99.2', image: UNKNOWN },
  { version: '4.99.3', image: GOOD, architecture: 'Multi' },
  { version: '4.99.4', image: GOOD },
  { version: '4.99.4', image: UNKNOWN },
];

/** A ClusterVersion that asks for an update, and has been told of others. */
export function toClusterVersion(desiredUpdate: object | null, desired: object = { version: '4.99.0' }): object {
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterVersion',
    metadata: { name: 'version', uid: 'c0ffee', generation: 3 },
    spec: { clusterID: 'c1', channel: 'stable-4.99', ...(desiredUpdate === null ? {} : { desiredUpdate }) },
    status: {
      desired,
      availableUpdates: AVAILABLE,
      conditionalUpdates: [{ release: { version: '4.99.9', image: GOOD }, risks: [] }],
      history: [{ version: '4.99.8', image: GOOD, state: 'Completed' }],
    },
  };
}

/** The update of a ClusterVersion from none to this. */
export function toUpdate(desiredUpdate: object, parts: ReviewParts & { desired?: object } = {}): object {
  const { desired, ...more } = parts;
  return toReview('clusterversions', {
    object: toClusterVersion(desiredUpdate, desired),
    oldObject: toClusterVersion(null, desired),
    ...more,
  });
}

/** A store that must not be asked. */
export const forbidden: SignatureStore = {
  description: 'forbidden',
  fetchSignatures() {
    throw new Error('contacted');
  },
};

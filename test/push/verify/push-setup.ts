import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import type { PreparedKeyring } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import type { BusEvent, EventBus } from '../../../lib/platform/bus/event-bus.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import type { Push } from '../../../lib/push/receive/parse/push.ts';
import type { QueuedMessage } from '../../../lib/push/verify/queued-message.ts';
import type { PushDependencies } from '../../../lib/push/verify/verify-pushed.ts';
import type { Manifest } from '../../../lib/registry/client/registry-client.ts';
import type { ProfileRegistries } from '../../../lib/registry/profile/profile-registries.ts';
import { createObjectReleaseStore } from '../../../lib/stores/numbered-stores.ts';
import type { PreparedTrust } from '../../../lib/trust/prepared/prepared-trust.ts';
import { digestDocuments, trustRevision } from '../../../lib/trust/prepared/trust-document.ts';
import { publishTrust } from '../../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../../lib/trust/source/trust-source.ts';
import { createAcceptances } from '../../../lib/verdict/records/list-accepted.ts';
import { createQuestions } from '../../../lib/verdict/records/questions.ts';
import { readStoredRecord } from '../../../lib/verdict/records/read-records.ts';
import type { VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { toDigest } from '../../fixtures/make/payload.ts';
import { readFixtureDocuments, readFixtureTrust } from '../../support/fixture-releases.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { releaseOnly } from '../../support/untouched-store.ts';

export const REGISTRY = 'registry.example.com';
export const REPOSITORY = 'mirror/release';
export const CANONICAL = 'quay.io/openshift-release-dev/ocp-release';
/** What the trust of these tests maps. */
export const PUSH_SOURCE = {
  source: 'distribution',
  registry: REGISTRY,
  repository: REPOSITORY,
  mirrorOf: parseRepository(CANONICAL),
} as const;
export const GOOD = parseDigest(toDigest('a pushed release'));
export const OTHER = parseDigest(toDigest('another pushed release'));

/** Publishes the fixture trust with these keyrings; each label is another revision. */
export async function publishKeyrings(
  objects: ObjectStore,
  keyrings: readonly PreparedKeyring[],
  label = 'first',
  change: Partial<PreparedTrust> = {},
): Promise<string> {
  const documents = [...readFixtureDocuments(), { name: `${label}.yaml`, bytes: Buffer.from(label) }];
  const digests = digestDocuments(documents);
  const { prepared } = await readFixtureTrust();
  const revision = trustRevision(digests);
  const pushSources = [PUSH_SOURCE];
  await publishTrust(
    objects,
    { ...prepared, keyrings, pushSources, documents: digests, revision, ...change },
    documents,
  );
  return revision;
}

export function pushOf(change: Partial<Push> = {}): Extract<QueuedMessage, { push: unknown }> {
  const push = { source: 'distribution', registry: REGISTRY, repository: REPOSITORY, digest: GOOD, ...change } as const;
  return {
    schema: 1,
    profile: 'ocp',
    mirrorOf: CANONICAL as Extract<QueuedMessage, { push: unknown }>['mirrorOf'],
    push,
  };
}

export interface KeptBus extends EventBus {
  readonly events: readonly BusEvent[];
}

export function createKeptBus(): KeptBus {
  const events: BusEvent[] = [];
  return {
    description: 'kept',
    events,
    async publishEvents(more) {
      events.push(...more);
    },
  };
}

export interface RegistryContents {
  readonly tags?: Readonly<Record<string, Digest>>;
  readonly manifests?: Readonly<Record<string, object>>;
  readonly failure?: StoreError;
}

/** A registry in memory; what is asked of it is kept. */
export function createMemoryRegistries(
  contents: RegistryContents,
): Pick<ProfileRegistries, 'open' | 'close'> & { readonly asked: string[] } {
  const asked: string[] = [];
  const find = <T>(table: Readonly<Record<string, T>> | undefined, name: string): T => {
    asked.push(name);
    if (contents.failure !== undefined) throw contents.failure;
    const found = table?.[name];
    if (found === undefined) throw new StoreError('NotFound', `${name}: HTTP status 404`);
    return found;
  };
  return {
    asked,
    open: async () => ({
      resolveTag: async (_, tag) => find(contents.tags, tag),
      readManifest: async (_, digest): Promise<Manifest> => ({
        bytes: Buffer.from(JSON.stringify(find(contents.manifests, digest))),
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: parseDigest(digest),
      }),
    }),
    close: () => undefined,
  };
}

export interface PushSetup {
  readonly objects: ObjectStore;
  readonly signatures: ReadonlyMap<Digest, readonly Uint8Array[]>;
  readonly failure?: StoreError | undefined;
  readonly registry?: RegistryContents;
  readonly now?: Date;
}

export function setUpPushes({ objects, signatures, failure, registry = {}, now }: PushSetup) {
  const bus = createKeptBus();
  const mirrorQueue = createMemoryQueue();
  const registries = createMemoryRegistries(registry);
  const upstream = createMemorySignatureStore(signatures, { description: 'upstream', failure });
  const clock = (): Date => now ?? new Date();
  const dependencies: PushDependencies = {
    trust: createTrustSource(objects, ['ocp'], clock),
    objects,
    acceptances: createAcceptances(objects),
    questions: createQuestions(),
    mirror: releaseOnly(createObjectReleaseStore(objects, { description: 'mirror' })),
    upstream: { open: () => releaseOnly(upstream), close: () => undefined },
    registries,
    mirrorQueue,
    bus,
    now: clock,
  };
  return { dependencies, bus, mirrorQueue, registries, upstream };
}

export async function listKeys(objects: ObjectStore, prefix = ''): Promise<readonly string[]> {
  return (await Array.fromAsync(objects.listObjects(prefix))).map(({ key }) => key);
}

export async function readRecords(objects: ObjectStore): Promise<readonly VerdictRecord[]> {
  const keys = await listKeys(objects, 'records/by-id/');
  const stored = await Promise.all(keys.map((key) => readStoredRecord(objects, key.slice(14, -5))));
  return stored.flatMap((one) => (one === undefined ? [] : [one.record]));
}

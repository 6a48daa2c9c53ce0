import path from 'node:path';
import { checkNamedStores } from '../cli/open/stores.ts';
import { DEMO_PROFILE, toDemoDocuments } from '../demo/demo-documents.ts';
import { DEMO_MANIFESTS } from '../demo/demo-images.ts';
import { DEMO_PUSH_SOURCES, toDemoOrigins } from '../demo/demo-registries.ts';
import { DEMO_REPOSITORY } from '../demo/demo-releases.ts';
import { toDemoWebhooks } from '../demo/demo-webhooks.ts';
import { serveRegistry } from '../demo/serve-registry.ts';
import { serveReleases } from '../demo/serve-releases.ts';
import { evaluateGraphSettings, type ProfileGraphs } from '../functions/plan-mirror/evaluate-graph-settings.ts';
import { InputError } from '../lib/base/errors/input-error.ts';
import { parseAdmissionCredentials } from '../lib/cluster/admission/admission-credentials.ts';
import { createHttpClient, type HttpClient } from '../lib/platform/http/http-client.ts';
import { readAwsSettings, readProxy } from '../lib/platform/lambda/environment.ts';
import type { Telemetry } from '../lib/platform/lambda/telemetry.ts';
import type { ObjectStore } from '../lib/platform/objects/port/object-store.ts';
import { createSecretSource, openSecretSource, type SecretSource } from '../lib/platform/secrets/secret-source.ts';
import { parseWebhookCredentials, type WebhookCredential } from '../lib/platform/secrets/webhook-credentials.ts';
import { createSigning } from '../lib/push/reverify/signing.ts';
import { toStoreLocation } from '../lib/stores/open/open-stores.ts';
import { prepareTrust } from '../lib/trust/prepare/prepare-trust.ts';
import type { PreparedTrust } from '../lib/trust/prepared/prepared-trust.ts';
import { publishTrust } from '../lib/trust/publish/publish-trust.ts';
import { openEvidence } from '../lib/verdict/records/open-evidence.ts';
import { isShut } from './front/admit-request.ts';
import { openGate } from './front/open-gate.ts';
import { openPageFiles } from './front/page.ts';
import { type HttpFront, startHttpFront } from './http-front.ts';
import { keepDemo } from './keep-demo.ts';
import { lockFolder } from './lock-folder.ts';
import { createEventCounts } from './metrics/count-events.ts';
import { checkNamedFiles, openNamedObjects } from './named-files.ts';
import { parseNotifySecret } from './notify/cloud-event.ts';
import type { StartOptions } from './options.ts';
import { isDirectory, publishDocuments } from './publish-documents.ts';
import { pollQueue } from './queues/poll-queue.ts';
import { nameQueues, startQueues } from './queues/start-queues.ts';
import { SCHEDULED_MS } from './receive-local-event.ts';
import { repeatFunction } from './repeat-function.ts';
import { wireFunctions } from './wire.ts';

export interface LocalService {
  readonly url: string;
  readonly profiles: readonly string[];
  /** Pullspecs of the demo's releases to try; empty when trust documents were given. */
  readonly demo: readonly { readonly title: string; readonly pullspec: string }[];
  /** Takes nothing new, and finishes what is under way. */
  readonly close: () => Promise<void>;
}

interface OpenTrust {
  readonly profiles: readonly string[];
  readonly demo: LocalService['demo'];
  /** Undefined unless it is the demo. */
  readonly demoOrigins?: ReadonlyMap<string, string> | undefined;
  readonly close: () => Promise<void>;
}

const DEFAULT_TRUST = './trust';
/** Milliseconds between two runs of reverify; one that has nothing to do reads two objects. */
const REVERIFY_PAUSE_MS = 5000;
/** The same for plan-mirror, as in serverless.yml. */
const PLAN_PAUSE_MS = 60 * 60 * 1000;
/** Milliseconds that a batch of digests or pushes has: as long as its messages are hidden from other consumers. */
const BATCH_MS = 60_000;
/** Milliseconds that a bundle has, as in infra/api.yml. */
const EXPORT_MS = 300_000;
/** Milliseconds after which a changed trust revision is read: people wait for it here. */
const TRUST_REFRESH_MS = 500;
/** Milliseconds after which a changed file of secrets is read. */
const SECRET_REFRESH_MS = 2000;

/** Starts the whole service. @throws ConfigurationError, InputError; an Error when the port is taken */
export async function startService(options: StartOptions): Promise<LocalService> {
  await checkNamedStores(options.stores ?? []);
  await checkNamedFiles(options);
  const page = await openPageFiles(options.console);
  const { gate, signIn } = await openGate(options, SECRET_REFRESH_MS);
  const lock = await lockFolder(options.data);
  const closers: (() => Promise<void>)[] = [async () => lock.release()];
  let front: HttpFront | undefined;
  const close = async (): Promise<void> => {
    await front?.close();
    for (const closer of closers.toReversed()) await closer();
  };
  try {
    // Nothing is published or taken from a queue unless this service can answer.
    const counts = createEventCounts();
    const telemetry = counts.createTelemetry('local');
    if (isShut(gate)) {
      telemetry.log('warn', 'nobody may ask what needs a role: there is no --auth-token-file and no --client-ca');
    }
    front = await startHttpFront({ ...options, gate, telemetry });
    await lock.name(front.url);
    const objects = await openNamedObjects(options);
    const trust = await openTrust(options, objects, telemetry);
    closers.push(trust.close);
    const queues = await startQueues(path.join(options.data, 'queues'));
    closers.push(queues.close);
    const evidence = openEvidence({
      objects,
      profiles: trust.profiles,
      proxy: readProxy(process.env),
      replacement: options.stores?.map(toStoreLocation),
      allowPrivateAddresses: options.allowPrivateStores,
      apiOrigins: trust.demoOrigins ?? options.apiOrigins,
      pullSecret: options.pullSecret,
      trustRefreshMs: TRUST_REFRESH_MS,
      secretRefreshMs: SECRET_REFRESH_MS,
    });
    closers.push(async () => evidence.close());
    const { profiles } = trust;
    const webhooks = openWebhooks(options, trust);
    // An invalid file is reported at the start, not when the first registry calls.
    await webhooks?.read();
    const clusters = openSecretSource(options.admission, {
      parse: parseAdmissionCredentials,
      refreshMs: SECRET_REFRESH_MS,
    });
    await clusters?.read();
    const graphs = readGraphs(options, profiles);
    const openClient = (access: PreparedTrust['storeAccess']): HttpClient => openGraphClient(options, access);
    const notify = await openNotify(options);
    const signing = createSigning(options.signKey, () => readAwsSettings(process.env));
    await signing?.open();
    if (notify !== undefined) closers.push(async () => notify.client.close());
    const named = { notify, signing, graphs, openClient, webhooks, clusters, page, signIn };
    const functions = wireFunctions({ ...named, counts, evidence, queues });
    const { client, mirror, push, export: exports, notify: notifications } = queues;
    for (const [functionName, { queueUrl }, handler, timeoutMs] of [
      ['mirror-signatures', mirror, functions.mirrorSignatures, BATCH_MS],
      ['verify-pushed', push, functions.verifyPushed, BATCH_MS],
      ['export-bundle', exports, functions.exportBundle, EXPORT_MS],
      ...(functions.notifier === undefined ? [] : [['notify', notifications, functions.notifier, BATCH_MS] as const]),
    ] as const) {
      closers.push(pollQueue({ client, queueUrl, functionName, handler, timeoutMs, telemetry }).close);
    }
    for (const [name, handler, pauseMs] of [
      ['reverify', functions.reverify, REVERIFY_PAUSE_MS],
      ...(graphs.length === 0 ? [] : [['plan-mirror', functions.planMirror, PLAN_PAUSE_MS] as const]),
    ] as const) {
      closers.push(repeatFunction({ name, handler, budgetMs: SCHEDULED_MS, pauseMs }).close);
    }
    closers.push(await nameQueues(options.data, queues));
    front.serve(functions.http);
    return { url: front.url, profiles: trust.profiles, demo: trust.demo, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openTrust(options: StartOptions, objects: ObjectStore, telemetry: Telemetry): Promise<OpenTrust> {
  const directory = options.trust ?? ((await isDirectory(DEFAULT_TRUST)) ? DEFAULT_TRUST : undefined);
  if (directory === undefined && options.objects !== undefined) {
    throw new InputError('ArgumentInvalid', '--objects needs --trust: a demo is published to no store of others');
  }
  if (directory === undefined) return await openDemo(options, objects);
  return { ...(await publishDocuments(directory, objects, telemetry)), demo: [] };
}

async function openDemo({ data }: StartOptions, objects: ObjectStore): Promise<OpenTrust> {
  const { armoredKey, releases } = await keepDemo(data);
  const store = await serveReleases(releases);
  const documents = toDemoDocuments(armoredKey, store.url);
  await publishTrust(objects, await prepareTrust(DEMO_PROFILE, documents), documents);
  const demo = releases.map(({ title, digest }) => ({ title, pullspec: `${DEMO_REPOSITORY}@${digest}` }));
  const registry = await serveRegistry(
    DEMO_MANIFESTS,
    DEMO_PUSH_SOURCES.map(({ repository }) => repository),
  );
  const close = async (): Promise<void> => {
    await registry.close();
    await store.close();
  };
  return { profiles: [DEMO_PROFILE], demo, demoOrigins: toDemoOrigins(registry.url), close };
}

/** @throws InputError `ArgumentInvalid` with all that is wrong */
function readGraphs(options: StartOptions, profiles: readonly string[]): readonly ProfileGraphs[] {
  const [graphs, graphChannels, graphArchitectures] = [
    options.graphs,
    options.graphChannels,
    options.graphArchitectures,
  ].map((list) => list.join(','));
  const settings = { profiles, graphs, graphChannels, graphArchitectures };
  const names = { graphs: '--graph', channels: '--graph-channel', architectures: '--graph-arch' };
  const { graphs: read, faults } = evaluateGraphSettings(settings, names);
  if (faults.length > 0) throw new InputError('ArgumentInvalid', faults.join('\n'));
  return read;
}

function openGraphClient({ allowPrivateStores }: StartOptions, access: PreparedTrust['storeAccess']): HttpClient {
  const allowPrivateAddresses = allowPrivateStores || access.allowPrivateAddresses;
  return createHttpClient({ allowPrivateAddresses, ca: access.ca, proxy: readProxy(process.env) });
}

function openWebhooks(
  { webhooks }: StartOptions,
  { demoOrigins }: OpenTrust,
): SecretSource<readonly WebhookCredential[]> | undefined {
  const options = { parse: parseWebhookCredentials, refreshMs: SECRET_REFRESH_MS };
  if (webhooks !== undefined || demoOrigins === undefined) return openSecretSource(webhooks, options);
  return createSecretSource({ readText: async () => toDemoWebhooks(), now: () => new Date(), ...options });
}

/** @throws ConfigurationError for a file that holds no key */
async function openNotify({ notify: urls, notifySecret }: StartOptions) {
  const secret = openSecretSource(notifySecret, { parse: parseNotifySecret, refreshMs: SECRET_REFRESH_MS });
  if (secret === undefined) return undefined;
  await secret.read();
  // Whoever starts the service names the receivers, which may be on this machine.
  return { urls, secret, client: createHttpClient({ allowPrivateAddresses: true, proxy: readProxy(process.env) }) };
}

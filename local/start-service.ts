import { stat } from 'node:fs/promises';
import path from 'node:path';
import { checkNamedStores } from '../cli/check-named-stores.ts';
import { DEMO_PROFILE, toDemoDocuments } from '../demo/demo-documents.ts';
import { DEMO_REPOSITORY } from '../demo/demo-releases.ts';
import { serveReleases } from '../demo/serve-releases.ts';
import { createDirectoryObjectStore } from '../lib/objects/directory-object-store.ts';
import type { ObjectStore } from '../lib/objects/object-store.ts';
import { readProxy } from '../lib/runtime/environment.ts';
import { createTelemetry, type Telemetry } from '../lib/runtime/telemetry.ts';
import { toStoreLocation } from '../lib/signatures/to-store-location.ts';
import { createUpstreamStores } from '../lib/signatures/upstream-stores.ts';
import { prepareTrust } from '../lib/trust/prepare-trust.ts';
import { publishTrust } from '../lib/trust/publish-trust.ts';
import { startHttpFront } from './http-front.ts';
import { keepDemo } from './keep-demo.ts';
import type { StartOptions } from './options.ts';
import { pollQueue } from './poll-queue.ts';
import { publishDocuments } from './publish-documents.ts';
import { startQueues } from './start-queues.ts';
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
  readonly close: () => Promise<void>;
}

const DEFAULT_TRUST = './trust';

/** Starts the whole service. @throws ConfigurationError, InputError; an Error when the port is taken */
export async function startService(options: StartOptions): Promise<LocalService> {
  await checkNamedStores(options.stores ?? []);
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer();
  };
  try {
    const telemetry = createTelemetry('local', 'none');
    const objects = createDirectoryObjectStore(path.join(options.data, 'objects'));
    const trust = await openTrust(options, objects, telemetry);
    closers.push(trust.close);
    const queues = await startQueues(path.join(options.data, 'queues'));
    closers.push(queues.close);
    const upstream = createUpstreamStores({
      proxy: readProxy(process.env),
      replacement: options.stores?.map(toStoreLocation),
      allowPrivateAddresses: options.allowPrivateStores,
    });
    closers.push(async () => upstream.close());
    const functions = wireFunctions(objects, trust.profiles, upstream, queues);
    const poller = pollQueue({
      client: queues.client,
      queueUrl: queues.mirror.queueUrl,
      functionName: 'mirror-signatures',
      handler: functions.mirrorSignatures,
      telemetry,
    });
    closers.push(poller.close);
    const front = await startHttpFront(functions.http, options);
    closers.push(front.close);
    return { url: front.url, profiles: trust.profiles, demo: trust.demo, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openTrust(options: StartOptions, objects: ObjectStore, telemetry: Telemetry): Promise<OpenTrust> {
  const directory = options.trust ?? ((await isDirectory(DEFAULT_TRUST)) ? DEFAULT_TRUST : undefined);
  if (directory === undefined) return await openDemo(options, objects);
  return { ...(await publishDocuments(directory, objects, telemetry)), demo: [] };
}

async function openDemo({ data }: StartOptions, objects: ObjectStore): Promise<OpenTrust> {
  const { armoredKey, releases } = await keepDemo(data);
  const store = await serveReleases(releases);
  const documents = toDemoDocuments(armoredKey, store.url);
  await publishTrust(objects, await prepareTrust(DEMO_PROFILE, documents), documents);
  const demo = releases.map(({ title, digest }) => ({ title, pullspec: `${DEMO_REPOSITORY}@${digest}` }));
  return { profiles: [DEMO_PROFILE], demo, close: store.close };
}

async function isDirectory(directory: string): Promise<boolean> {
  return await stat(directory).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

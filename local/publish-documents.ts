import { stat } from 'node:fs/promises';
import { ConfigurationError } from '../lib/base/errors/configuration-error.ts';
import { describeError, type Telemetry } from '../lib/platform/lambda/telemetry.ts';
import type { ObjectStore } from '../lib/platform/objects/port/object-store.ts';
import { prepareTrust } from '../lib/trust/prepare/prepare-trust.ts';
import { readTrustDirectory, type TrustDirectory } from '../lib/trust/prepare/read-trust-directory.ts';
import { digestDocuments, trustRevision } from '../lib/trust/prepared/trust-document.ts';
import { publishTrust } from '../lib/trust/publish/publish-trust.ts';
import { loadTrust } from '../lib/trust/source/load-trust.ts';

/** Keeps published trust up to date with the documents in a directory. */
export interface DocumentPublisher {
  readonly profiles: readonly string[];
  readonly close: () => Promise<void>;
}

interface Watched {
  readonly directory: string;
  readonly objects: ObjectStore;
  readonly telemetry: Telemetry;
  /** The profiles that the service was started with. */
  readonly served: ReadonlySet<string>;
  /** By profile: the revision that was published. */
  readonly published: Map<string, string>;
  /** By profile: the revision that the last look found. */
  readonly found: Map<string, string>;
  /** By profile: the last logged reason why it is not published. */
  readonly faults: Map<string, string>;
}

/** Milliseconds between two looks at the directory. */
const LOOK_MS = 1000;
/** The key of a fault of the whole directory; no profile can have this name. */
const DIRECTORY = '';

/**
 * Publishes every profile, then each profile that changed and that two looks found alike: who copies, edits or checks out
 * writes one file after the other, and what is there meanwhile could ask for less. A profile that does not load is logged
 * once and tried at every look, and keeps the revision it had.
 *
 * @throws ConfigurationError when a profile does not load at the start and has no revision that does
 */
export async function publishDocuments(
  directory: string,
  objects: ObjectStore,
  telemetry: Telemetry,
  lookMs = LOOK_MS,
): Promise<DocumentPublisher> {
  const directories = await readTrustDirectory(directory);
  const served = new Set(directories.map(({ profile }) => profile));
  const watched: Watched = {
    directory,
    objects,
    telemetry,
    served,
    published: new Map(),
    found: new Map(),
    faults: new Map(),
  };
  for (const documents of directories) await publishFirst(watched, documents);
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(() => look(watched));
  }, lookMs);
  return {
    profiles: [...served],
    close: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

async function publishFirst(watched: Watched, directory: TrustDirectory): Promise<void> {
  const { profile } = directory;
  try {
    await publish(watched, directory);
  } catch (cause) {
    if (!(cause instanceof ConfigurationError)) throw cause;
    if (!(await hasRevision(watched.objects, profile))) {
      throw new ConfigurationError(cause.code, `${profile}: ${cause.message}`, { cause });
    }
    logOnce(watched, profile, cause);
  }
}

async function hasRevision(objects: ObjectStore, profile: string): Promise<boolean> {
  try {
    await loadTrust(objects, profile, new Date());
    return true;
  } catch (error) {
    if (error instanceof ConfigurationError) return false;
    throw error;
  }
}

async function publish({ objects, telemetry, published, faults }: Watched, directory: TrustDirectory): Promise<void> {
  const { profile, documents } = directory;
  const publication = await publishTrust(objects, await prepareTrust(profile, documents), documents);
  telemetry.log(publication.warnings.length === 0 ? 'info' : 'warn', 'trust published', { ...publication });
  published.set(profile, trustRevision(digestDocuments(documents)));
  faults.delete(profile);
}

async function look(watched: Watched): Promise<void> {
  let directories: readonly TrustDirectory[];
  try {
    directories = await readTrustDirectory(watched.directory);
    watched.faults.delete(DIRECTORY);
  } catch (error) {
    logOnce(watched, DIRECTORY, error);
    return;
  }
  for (const directory of directories) await publishChanged(watched, directory);
}

/** It never throws: a profile that does not load stops no other. */
async function publishChanged(watched: Watched, directory: TrustDirectory): Promise<void> {
  const { profile, documents } = directory;
  const { telemetry, published, found, faults } = watched;
  try {
    const known = published.get(profile);
    const revision = trustRevision(digestDocuments(documents));
    const isSettled = found.get(profile) === revision;
    found.set(profile, revision);
    if (known === revision) {
      faults.delete(profile);
      return;
    }
    if (!isSettled) return;
    await publish(watched, directory);
    if (known === undefined && !watched.served.has(profile))
      telemetry.log('warn', 'a new profile is served after the next start', { profile });
  } catch (error) {
    logOnce(watched, profile, error);
  }
}

function logOnce({ telemetry, faults }: Watched, profile: string, error: unknown): void {
  const fault = error instanceof Error ? error.message : String(error);
  if (faults.get(profile) === fault) return;
  faults.set(profile, fault);
  telemetry.count('TrustNotPublished');
  telemetry.log('error', 'trust not published; the profile keeps the revision it had', {
    ...(profile === DIRECTORY ? {} : { profile }),
    error: describeError(error),
  });
}

export async function isDirectory(directory: string): Promise<boolean> {
  return await stat(directory).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

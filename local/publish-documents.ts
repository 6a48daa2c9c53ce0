import type { ObjectStore } from '../lib/objects/object-store.ts';
import { describeError } from '../lib/runtime/describe-error.ts';
import type { Telemetry } from '../lib/runtime/telemetry.ts';
import { prepareTrust } from '../lib/trust/prepare-trust.ts';
import { publishTrust } from '../lib/trust/publish-trust.ts';
import { readTrustDirectory } from '../lib/trust/read-trust-directory.ts';
import { digestDocuments, trustRevision } from '../lib/trust/trust-revision.ts';

/** Keeps published trust as the documents in a directory are. */
export interface DocumentPublisher {
  readonly profiles: readonly string[];
  readonly close: () => Promise<void>;
}

/** Milliseconds between two looks at the directory. */
const LOOK_MS = 1000;
/** Where the last fault is remembered; no profile can have this name. */
const FAULT = '';

/**
 * Publishes every profile, then again whatever changes. What does not load is said once, and its profile keeps the
 * revision it had.
 *
 * @throws ConfigurationError when a profile does not load at the start
 */
export async function publishDocuments(
  directory: string,
  objects: ObjectStore,
  telemetry: Telemetry,
): Promise<DocumentPublisher> {
  const seen = new Map<string, string>();
  for (const { profile, documents } of await readTrustDirectory(directory)) {
    const publication = await publishTrust(objects, await prepareTrust(profile, documents), documents);
    telemetry.log('info', 'trust published', { ...publication });
    seen.set(profile, trustRevision(digestDocuments(documents)));
  }
  const profiles = [...seen.keys()];
  let looking: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking.then(() => look(directory, objects, telemetry, seen));
  }, LOOK_MS);
  return {
    profiles,
    close: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

async function look(
  directory: string,
  objects: ObjectStore,
  telemetry: Telemetry,
  seen: Map<string, string>,
): Promise<void> {
  try {
    for (const { profile, documents } of await readTrustDirectory(directory)) {
      const state = trustRevision(digestDocuments(documents));
      const known = seen.get(profile);
      if (known === state) continue;
      seen.set(profile, state);
      if (known === undefined) telemetry.log('warn', 'a new profile is served after the next start', { profile });
      const publication = await publishTrust(objects, await prepareTrust(profile, documents), documents);
      telemetry.log('info', 'trust published', { ...publication });
    }
    seen.delete(FAULT);
  } catch (error) {
    // Said once, not at every look.
    const fault = error instanceof Error ? error.message : String(error);
    if (seen.get(FAULT) === fault) return;
    seen.set(FAULT, fault);
    telemetry.log('error', 'trust not published; the profile keeps the revision it had', {
      error: describeError(error),
    });
  }
}

import type { S3Event } from 'aws-lambda';
import { type EventHandler, wrapEvent } from '../../lib/platform/lambda/invocation.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { bindObjectStore, type ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { publishArchive } from '../../lib/trust/publish/publish-archive.ts';
import type { Publication } from '../../lib/trust/publish/publish-trust.ts';

export interface Dependencies {
  readonly objects: ObjectStore;
  readonly telemetry: Telemetry;
}

const FAILURE = 'trust not published; each profile keeps the revision it had';

/** An archive put at trust-inbox/<profile>.tar.gz becomes a trust revision. A failure is thrown: Lambda retries it. */
export function createHandler({
  objects: store,
  telemetry,
}: Dependencies): EventHandler<S3Event, readonly Publication[]> {
  const publish = async ({ Records: records }: S3Event, signal: AbortSignal): Promise<readonly Publication[]> => {
    const objects = bindObjectStore(store, signal);
    const publications: Publication[] = [];
    try {
      for (const { s3 } of records) publications.push(await publishArchive(objects, toKey(s3.object.key)));
    } catch (error) {
      telemetry.count('TrustNotPublished');
      throw error;
    }
    for (const publication of publications)
      telemetry.log(publication.warnings.length === 0 ? 'info' : 'warn', 'trust published', { ...publication });
    telemetry.count('TrustPublished', publications.length);
    return publications;
  };
  return wrapEvent(publish, { telemetry, failure: FAILURE });
}

/** Notifications spell keys as forms do. */
function toKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}

import middy, { type MiddlewareObj } from '@middy/core';
import type { Context, S3Event } from 'aws-lambda';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { describeError } from '../../lib/platform/lambda/telemetry.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { publishArchive } from '../../lib/trust/publish/publish-archive.ts';
import type { Publication } from '../../lib/trust/publish/publish-trust.ts';

export interface Dependencies {
  readonly objects: ObjectStore;
  readonly telemetry: Telemetry;
}

export type PublishHandler = (event: S3Event, context: Context) => Promise<readonly Publication[]>;

/** An archive put at trust-inbox/<profile>.tar.gz becomes a trust revision. A failure is thrown: Lambda retries it. */
export function createHandler({ objects, telemetry }: Dependencies): PublishHandler {
  const handle: PublishHandler = async ({ Records: records }) => {
    const publications: Publication[] = [];
    for (const { s3 } of records) publications.push(await publishArchive(objects, toKey(s3.object.key)));
    return publications;
  };
  const telling: MiddlewareObj<S3Event, readonly Publication[]> = {
    after: ({ response }) => {
      for (const publication of response ?? []) telemetry.log('info', 'trust published', { ...publication });
      telemetry.count('TrustPublished', response?.length ?? 0);
      telemetry.flush();
    },
    onError: ({ error }) => {
      telemetry.log('error', 'trust not published; each profile keeps the revision it had', {
        error: describeError(error),
      });
      telemetry.count('TrustNotPublished');
      telemetry.flush();
    },
  };
  const wrapped = middy<S3Event, readonly Publication[]>(handle).use(telling);
  return async (event, context) => await wrapped(event, context);
}

/** Notifications spell keys as forms do. */
function toKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', ' '));
}

import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { LookasideResult } from '../../lib/mirror/slots/lookaside-mirror.ts';
import { rememberAbsent } from '../../lib/mirror/sync/absent-record.ts';
import { mirrorDigest } from '../../lib/mirror/sync/mirror-digest.ts';
import { mirrorImage } from '../../lib/mirror/sync/mirror-image.ts';
import { type MirrorMessage, MirrorMessageSchema } from '../../lib/mirror/sync/mirror-message.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import {
  type BatchOptions,
  type MessageOutcome,
  processBatch,
  type QueueMessage,
  toRetryDelay,
} from '../../lib/platform/queues/process-batch.ts';
import type { UpstreamStores } from '../../lib/stores/open/open-stores.ts';
import type { TrustSource } from '../../lib/trust/source/trust-source.ts';

export interface Dependencies extends Pick<BatchOptions<unknown>, 'delayMessage' | 'sendDead' | 'maxReceives'> {
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  readonly upstream: UpstreamStores;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

export type MirrorHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

/** Digests mirrored at a time within one batch. */
const CONCURRENCY = 8;

/**
 * The mirror queue: copies what verifies into the bucket, and remembers what is not there, so that it is not asked about
 * too soon. What can never succeed, or failed too often, is a dead letter.
 */
export function createHandler(dependencies: Dependencies): MirrorHandler {
  const { telemetry, delayMessage, sendDead, maxReceives } = dependencies;
  const handle = (event: SQSEvent): Promise<SQSBatchResponse> =>
    processBatch(event, (message) => mirror(message, dependencies), {
      schema: MirrorMessageSchema,
      delayMessage,
      sendDead,
      maxReceives,
      concurrency: CONCURRENCY,
      logFailure: ({ messageId }, error) =>
        telemetry.log('error', 'not mirrored', { messageId, error: describeError(error) }),
    });
  const wrapped = middy<SQSEvent, SQSBatchResponse>(handle).use({
    // middy takes what is returned from here for the answer.
    after: () => {
      telemetry.flush();
    },
  });
  return async (event, context) => await wrapped(event, context);
}

async function mirror(
  { body, receiveCount }: QueueMessage<MirrorMessage>,
  dependencies: Dependencies,
): Promise<MessageOutcome> {
  const { trust: source, objects, upstream, telemetry, now } = dependencies;
  const { digest, profile } = body;
  if (!source.profiles.includes(profile)) return { kind: 'dead', reason: `there is no profile ${profile}` };
  const trust = await source.read(profile);
  const places = upstream.open(trust.prepared);
  const signal = new AbortController().signal;
  if (body.repository !== undefined) {
    const image = { digest, repository: body.repository };
    const result = await mirrorImage({ image, trust, upstream: places.lookaside, objects, now: now(), signal });
    return conclude(result, { digest, repository: body.repository, profile }, receiveCount, telemetry);
  }
  const result = await mirrorDigest({ digest, trust, upstream: places.release, objects, now: now(), signal });
  const { outcome, written, held, reasons } = result;
  telemetry.count(`Mirrored.${outcome}`);
  telemetry.log('info', 'mirrored', {
    digest,
    profile,
    outcome,
    written: written.length,
    held,
    reasons: reasons.map(({ code }) => code),
  });
  if (outcome === 'absent' || outcome === 'incomplete') {
    const { revision: trustRevision, stores } = trust.prepared;
    const asked = { profile, trustRevision, stores: stores.map(({ url }) => url) };
    await rememberAbsent(objects, digest, outcome, asked, now());
  }
  if (outcome !== 'indeterminate') return { kind: 'done' };
  const reason = reasons.map(({ code, message }) => `${code}: ${message}`).join('; ');
  return { kind: 'retry', delaySeconds: toRetryDelay(receiveCount), reason };
}

/** What came of a lookaside. What is incomplete stays so until the image is asked about again. */
function conclude(
  { outcome, missing, written, held, failures }: LookasideResult,
  image: Readonly<Record<string, string>>,
  receiveCount: number,
  telemetry: Telemetry,
): MessageOutcome {
  telemetry.count(`Mirrored.${outcome}`);
  telemetry.log('info', 'mirrored', { ...image, outcome, written: written.length, held, missing });
  if (outcome !== 'indeterminate') return { kind: 'done' };
  const reason = failures.map(({ location, error }) => `StoreUnavailable: ${location}: ${error.message}`).join('; ');
  return { kind: 'retry', delaySeconds: toRetryDelay(receiveCount), reason };
}

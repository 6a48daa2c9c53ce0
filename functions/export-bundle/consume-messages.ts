import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { type ExportMessage, ExportMessageSchema } from '../../lib/bundle/service/bundle-state.ts';
import { type ExportDependencies, type ExportResult, exportBundle } from '../../lib/bundle/service/export-bundle.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import {
  type BatchOptions,
  type MessageOutcome,
  processBatch,
  type QueueMessage,
  toRetryDelay,
} from '../../lib/platform/queues/process-batch.ts';

export interface ConsumeDependencies
  extends Omit<ExportDependencies, 'onLeftOut'>,
    Pick<BatchOptions<unknown>, 'delayMessage' | 'sendDead' | 'maxReceives'> {
  readonly telemetry: Telemetry;
}

/** Milliseconds before its end at which the function gives a bundle up, to say so. */
const MARGIN_MS = 10_000;
/** Signatures that a log line names. */
const MAX_LOGGED = 20;

/** The export queue, one bundle at a time: each holds a whole mirror in memory. */
export async function consumeMessages(
  event: SQSEvent,
  context: Context,
  dependencies: ConsumeDependencies,
): Promise<SQSBatchResponse> {
  const { telemetry, delayMessage, sendDead, maxReceives } = dependencies;
  try {
    return await processBatch(event, (message) => consume(message, context, dependencies), {
      schema: ExportMessageSchema,
      delayMessage,
      sendDead,
      maxReceives,
      logFailure: ({ messageId }, error) =>
        telemetry.log('error', 'not exported', { messageId, error: describeError(error) }),
    });
  } finally {
    telemetry.flush();
  }
}

async function consume(
  { id: messageId, body, receiveCount }: QueueMessage<ExportMessage>,
  context: Context,
  dependencies: ConsumeDependencies,
): Promise<MessageOutcome> {
  const { telemetry, maxReceives } = dependencies;
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - MARGIN_MS));
  const onLeftOut: ExportDependencies['onLeftOut'] = (leftOut) => {
    if (leftOut.length === 0) return;
    const locations = leftOut.slice(0, MAX_LOGGED).map(({ location }) => location);
    telemetry.log('warn', 'left out of the bundle', { bundle: body.id, count: leftOut.length, locations });
  };
  const isLastTry = receiveCount >= maxReceives;
  const result = await exportBundle(body, { ...dependencies, onLeftOut }, { isLastTry, signal });
  tell(messageId, body.id, result, telemetry);
  switch (result.kind) {
    case 'done':
      return { kind: 'done' };
    case 'open':
      return { kind: 'retry', delaySeconds: toRetryDelay(receiveCount), reason: result.reason };
    case 'never':
      return { kind: 'dead', reason: result.reason };
    default:
      throw new TypeError(`unknown result ${JSON.stringify(result satisfies never)}`);
  }
}

function tell(messageId: string, bundle: string, result: ExportResult, telemetry: Telemetry): void {
  telemetry.count(`Bundle.${result.kind}`);
  if (result.kind === 'done') {
    const { sha256, size, counts } = result.state;
    telemetry.log('info', 'bundle done', { messageId, bundle, sha256, size, ...counts });
    return;
  }
  const { kind, reason, error } = result;
  const why = error === undefined ? {} : { error: describeError(error) };
  telemetry.log('error', 'bundle not made', { messageId, bundle, kind, reason, ...why });
}

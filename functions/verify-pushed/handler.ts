import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import {
  type BatchOptions,
  type MessageOutcome,
  processBatch,
  type QueueMessage,
  toRetryDelay,
} from '../../lib/platform/queues/process-batch.ts';
import { type QueuedMessage, QueuedMessageSchema } from '../../lib/push/verify/queued-message.ts';
import { type PushDependencies, type PushResult, verifyPushed } from '../../lib/push/verify/verify-pushed.ts';
import { reportFaults } from '../../lib/verdict/decide/report-faults.ts';
import type { Reason } from '../../lib/verdict/judge/verdict.ts';

export interface Dependencies
  extends PushDependencies,
    Pick<BatchOptions<unknown>, 'delayMessage' | 'sendDead' | 'maxReceives'> {
  readonly telemetry: Telemetry;
}

export type VerifyPushedHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

/** Messages verified at a time within one batch. */
const CONCURRENCY = 10;

/** The push queue: each push becomes a verdict, a record and an event, or a dead letter that says why not. */
export function createHandler(dependencies: Dependencies): VerifyPushedHandler {
  const { telemetry, delayMessage, sendDead, maxReceives } = dependencies;
  const handle = (event: SQSEvent): Promise<SQSBatchResponse> =>
    processBatch(event, (message) => verify(message, dependencies), {
      schema: QueuedMessageSchema,
      delayMessage,
      sendDead,
      maxReceives,
      concurrency: CONCURRENCY,
      logFailure: ({ messageId }, error) =>
        telemetry.log('error', 'not verified', { messageId, error: describeError(error) }),
    });
  const wrapped = middy<SQSEvent, SQSBatchResponse>(handle).use({
    // middy takes what is returned from here for the answer.
    after: () => {
      telemetry.flush();
    },
  });
  return async (event, context) => await wrapped(event, context);
}

async function verify(
  { id, body, receiveCount }: QueueMessage<QueuedMessage>,
  dependencies: Dependencies,
): Promise<MessageOutcome> {
  const result = await verifyPushed(body, dependencies, receiveCount >= dependencies.maxReceives);
  tell(id, result, dependencies.telemetry);
  switch (result.kind) {
    case 'decided':
    case 'nothing':
      return { kind: 'done' };
    case 'open':
      return { kind: 'retry', delaySeconds: toRetryDelay(receiveCount), reason: toSentence(result.verdict.reasons) };
    case 'never':
      return { kind: 'dead', reason: result.reason };
    default:
      return result satisfies never;
  }
}

function tell(messageId: string, result: PushResult, telemetry: Telemetry): void {
  if (result.kind === 'nothing' || result.kind === 'never') {
    telemetry.count(result.kind === 'nothing' ? 'PushIgnored' : 'PushDead');
    telemetry.log('info', 'push not verified', { messageId, reason: result.reason });
    return;
  }
  const { verdict, recordId } = result;
  const { outcome, pullspec, digest, profile, reasons } = verdict;
  telemetry.count(`Pushed.${outcome}`);
  const faults = reportFaults(verdict, telemetry);
  if (faults > 0) telemetry.count('CandidateFault', faults);
  if (result.kind === 'decided' && result.changed) telemetry.count('VerdictChanged');
  const codes = reasons.map(({ code }) => code);
  telemetry.log('info', 'push verified', { messageId, outcome, pullspec, digest, profile, reasons: codes, recordId });
}

function toSentence(reasons: readonly Reason[]): string {
  return reasons.map(({ code, message }) => `${code}: ${message}`).join('; ');
}

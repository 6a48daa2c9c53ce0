import { type QueueConsumer, type QueueHandler, wrapQueue } from '../../lib/platform/lambda/queue-stack.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { type MessageOutcome, toRetryDelay } from '../../lib/platform/queues/process-batch.ts';
import { QueuedMessageSchema } from '../../lib/push/verify/queued-message.ts';
import { type PushDependencies, type PushResult, verifyPushed } from '../../lib/push/verify/verify-pushed.ts';
import { reportFaults } from '../../lib/verdict/decide/request.ts';
import { reportObstacles } from '../../lib/verdict/records/write-record.ts';

export interface Dependencies extends PushDependencies, QueueConsumer {
  readonly telemetry: Telemetry;
}

/** Messages verified at the same time within one batch. */
const CONCURRENCY = 10;

/** The push queue: each push becomes a verdict, a record and an event, or a dead letter that says why not. */
export function createHandler(dependencies: Dependencies): QueueHandler {
  const { telemetry, maxReceives } = dependencies;
  return wrapQueue(
    async ({ id, body, receiveCount }, signal) => {
      const result = await verifyPushed(body, dependencies, receiveCount >= maxReceives, signal);
      report(id, result, telemetry);
      return toOutcome(result, receiveCount);
    },
    { ...dependencies, schema: QueuedMessageSchema, concurrency: CONCURRENCY, failure: 'not verified' },
  );
}

function toOutcome(result: PushResult, receiveCount: number): MessageOutcome {
  switch (result.kind) {
    case 'decided':
    case 'nothing':
      return { kind: 'done' };
    case 'open': {
      const reason = result.verdict.reasons.map(({ code, message }) => `${code}: ${message}`).join('; ');
      return { kind: 'retry', delaySeconds: toRetryDelay(receiveCount), reason };
    }
    case 'never':
      return { kind: 'dead', reason: result.reason };
    default:
      return result satisfies never;
  }
}

function report(messageId: string, result: PushResult, telemetry: Telemetry): void {
  if (result.kind === 'nothing' || result.kind === 'never') {
    telemetry.count(result.kind === 'nothing' ? 'PushIgnored' : 'PushDead');
    telemetry.log('info', 'push not verified', { messageId, reason: result.reason });
    return;
  }
  const { verdict, recordId, obstacles, lastFault, mirrorFailure } = result;
  const { outcome, pullspec, digest, profile, reasons } = verdict;
  telemetry.count(`Pushed.${outcome}`);
  reportFaults(verdict, telemetry);
  reportObstacles(obstacles, telemetry);
  if (lastFault !== undefined) {
    telemetry.count('LastVerdictBroken');
    telemetry.log('error', 'what is stored as the last verdict is none', { digest, profile, fault: lastFault });
  }
  if (mirrorFailure !== undefined) {
    telemetry.count('MirrorNotQueued');
    telemetry.log('warn', 'the digest could not be queued for the mirror', { error: describeError(mirrorFailure) });
  }
  if (result.kind === 'decided' && result.changed) telemetry.count('VerdictChanged');
  const codes = reasons.map(({ code }) => code);
  telemetry.log('info', 'push verified', { messageId, outcome, pullspec, digest, profile, reasons: codes, recordId });
}

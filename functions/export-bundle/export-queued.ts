import type { ExportMessage } from '../../lib/bundle/service/bundle-state.ts';
import { type ExportDependencies, type ExportResult, exportBundle } from '../../lib/bundle/service/export-bundle.ts';
import { describeError, type Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { type MessageOutcome, type QueueMessage, toRetryDelay } from '../../lib/platform/queues/process-batch.ts';
import { bindTrustSource } from '../../lib/trust/source/trust-source.ts';

export interface ExportQueuedDependencies extends Omit<ExportDependencies, 'onLeftOut'> {
  readonly telemetry: Telemetry;
  readonly maxReceives: number;
}

/** Signatures that a log line names. */
const MAX_LOGGED = 20;

/** Makes the bundle of one message. The last try that fails writes so into the bundle's state, after the deadline too. */
export async function exportQueued(
  { id: messageId, body, receiveCount }: QueueMessage<ExportMessage>,
  dependencies: ExportQueuedDependencies,
  signal: AbortSignal,
): Promise<MessageOutcome> {
  const { telemetry, maxReceives } = dependencies;
  const onLeftOut: ExportDependencies['onLeftOut'] = (leftOut) => {
    if (leftOut.length === 0) return;
    const locations = leftOut.slice(0, MAX_LOGGED).map(({ location }) => location);
    telemetry.log('warn', 'left out of the bundle', { bundle: body.id, count: leftOut.length, locations });
  };
  const isLastTry = receiveCount >= maxReceives;
  const trust = bindTrustSource(dependencies.trust, signal);
  const result = await exportBundle(body, { ...dependencies, trust, onLeftOut }, { isLastTry, signal });
  report(messageId, body.id, result, telemetry);
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

function report(messageId: string, bundle: string, result: ExportResult, telemetry: Telemetry): void {
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

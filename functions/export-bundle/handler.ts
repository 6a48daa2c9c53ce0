import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { ExportMessageSchema } from '../../lib/bundle/service/bundle-state.ts';
import { wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import type { InvocationContext } from '../../lib/platform/lambda/invocation.ts';
import { type QueueConsumer, wrapQueue } from '../../lib/platform/lambda/queue-stack.ts';
import { type AnswerDependencies, answerRequest } from './answer-request.ts';
import { type ExportQueuedDependencies, exportQueued } from './export-queued.ts';

export type Dependencies = AnswerDependencies & ExportQueuedDependencies & QueueConsumer;

/** Requests for ConfigMaps and bundles, and the export queue, on which the function puts what it then makes. */
export interface ExportHandler {
  (event: APIGatewayProxyEventV2, context: InvocationContext): Promise<APIGatewayProxyStructuredResultV2>;
  (event: SQSEvent, context: InvocationContext): Promise<SQSBatchResponse>;
}

export function createHandler(dependencies: Dependencies): ExportHandler {
  const answer = wrapHttp((event, { signal }) => answerRequest(event, signal, dependencies), dependencies.telemetry);
  // One bundle at a time: each holds a whole mirror in memory.
  const consume = wrapQueue((message, signal) => exportQueued(message, dependencies, signal), {
    ...dependencies,
    schema: ExportMessageSchema,
    failure: 'not exported',
  });
  function handle(
    event: APIGatewayProxyEventV2,
    context: InvocationContext,
  ): Promise<APIGatewayProxyStructuredResultV2>;
  function handle(event: SQSEvent, context: InvocationContext): Promise<SQSBatchResponse>;
  async function handle(
    event: APIGatewayProxyEventV2 | SQSEvent,
    context: InvocationContext,
  ): Promise<APIGatewayProxyStructuredResultV2 | SQSBatchResponse> {
    return 'Records' in event ? await consume(event, context) : await answer(event, context);
  }
  return handle;
}

import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
  SQSBatchResponse,
  SQSEvent,
} from 'aws-lambda';
import { wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import { type AnswerDependencies, answerRequest } from './answer-request.ts';
import { type ConsumeDependencies, consumeMessages } from './consume-messages.ts';

export type Dependencies = AnswerDependencies & ConsumeDependencies;

/** Requests for ConfigMaps and bundles, and the export queue, on which the function puts what it then makes. */
export interface ExportHandler {
  (event: APIGatewayProxyEventV2, context: Context): Promise<APIGatewayProxyStructuredResultV2>;
  (event: SQSEvent, context: Context): Promise<SQSBatchResponse>;
}

export function createHandler(dependencies: Dependencies): ExportHandler {
  const answer = wrapHttp((event, context) => answerRequest(event, context, dependencies), dependencies.telemetry);
  function handle(event: APIGatewayProxyEventV2, context: Context): Promise<APIGatewayProxyStructuredResultV2>;
  function handle(event: SQSEvent, context: Context): Promise<SQSBatchResponse>;
  async function handle(
    event: APIGatewayProxyEventV2 | SQSEvent,
    context: Context,
  ): Promise<APIGatewayProxyStructuredResultV2 | SQSBatchResponse> {
    return 'Records' in event ? await consumeMessages(event, context, dependencies) : await answer(event, context);
  }
  return handle;
}

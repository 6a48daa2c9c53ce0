import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';

/** Milliseconds that a function of the API has here, as most have in serverless.yml. */
const TIMEOUT_MS = 29_000;

/** The context that Lambda gives to a function. */
export function createLocalContext(functionName: string, timeoutMs: number = TIMEOUT_MS): Context {
  const ends = Date.now() + timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:local:000000000000:function:${functionName}`,
    memoryLimitInMB: '512',
    awsRequestId: randomUUID(),
    logGroupName: '/local',
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, ends - Date.now()),
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}

import { REGION } from './aws/aws-call.ts';
import { readFunction } from './read-function.ts';
import { createResolver } from './resolve-values.ts';
import type { Template } from './template.ts';

/** What Lambda itself puts into every environment. */
const OF_LAMBDA = {
  AWS_REGION: REGION,
  AWS_LAMBDA_FUNCTION_NAME: 'signet-dev-function',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test-secret',
};

/**
 * The environment that a function runs in: what the template gives it, and what Lambda does.
 *
 * @param settled a template whose conditions are decided
 */
export function readEnvironment(settled: Template, name: string): Readonly<Record<string, string>> {
  const resolve = createResolver(settled);
  const { Variables: variables } = readFunction(settled, name).Environment;
  const given = Object.entries(variables).map(([key, value]) => [key, String(resolve(value))] as const);
  return { ...OF_LAMBDA, ...Object.fromEntries(given) };
}

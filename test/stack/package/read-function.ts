import * as v from 'valibot';
import { resourcesOf, type Template } from './template.ts';

const Properties = v.object({
  FunctionName: v.string(),
  Handler: v.string(),
  Timeout: v.number(),
  Runtime: v.literal('nodejs24.x'),
  Architectures: v.strictTuple([v.literal('arm64')]),
  TracingConfig: v.strictObject({ Mode: v.literal('Active') }),
  Role: v.object({ 'Fn::GetAtt': v.strictTuple([v.string(), v.literal('Arn')]) }),
  VpcConfig: v.optional(v.unknown()),
  Environment: v.object({ Variables: v.record(v.string(), v.unknown()) }),
});

export type FunctionProperties = v.InferOutput<typeof Properties>;

/** What a template says of the function of functions/<name>. */
export function readFunction(template: Template, name: string): FunctionProperties {
  const functions = resourcesOf(template, 'AWS::Lambda::Function');
  const properties = functions.map(([, resource]) => v.parse(Properties, resource.Properties));
  const found = properties.find(({ FunctionName: full }) => full === `signet-dev-${name}`);
  if (found === undefined) throw new Error(`${name} is not in the template`);
  return found;
}

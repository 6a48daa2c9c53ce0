import { z } from 'zod';
import { resourcesOf, type Template } from './template.ts';

const Properties = z.object({
  FunctionName: z.string(),
  Handler: z.string(),
  Runtime: z.literal('nodejs24.x'),
  Architectures: z.tuple([z.literal('arm64')]),
  TracingConfig: z.strictObject({ Mode: z.literal('Active') }),
  Role: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
});

export type FunctionProperties = z.infer<typeof Properties>;

/** What a template says of the function of functions/<name>. */
export function readFunction(template: Template, name: string): FunctionProperties {
  const functions = resourcesOf(template, 'AWS::Lambda::Function');
  const properties = functions.map(([, resource]) => Properties.parse(resource.Properties));
  const found = properties.find(({ FunctionName: full }) => full === `signet-dev-${name}`);
  if (found === undefined) throw new Error(`${name} is not in the template`);
  return found;
}

import * as v from 'valibot';
import type { AwsCall } from './aws/aws-call.ts';
import { readFunction } from './read-function.ts';
import { createResolver } from './resolve-values.ts';
import { resourcesOf, type Template } from './template.ts';

const LogGroup = v.object({ LogGroupName: v.string() });
const Mapping = v.object({ FunctionName: v.string(), EventSourceArn: v.string() });
const Invocations = v.object({
  FunctionName: v.string(),
  DestinationConfig: v.optional(v.object({ OnFailure: v.object({ Destination: v.string() }) })),
});

/**
 * What AWS does in a function's name, as the template has it: Lambda writes its log, traces it, reads the queue that is
 * mapped to it, and tells where its failures go. S3 asks of each read whether a listing were allowed, to tell absent
 * from denied.
 *
 * @param settled a template whose conditions are decided
 * @param recorded what the function itself called
 */
export function listServiceCalls(settled: Template, name: string, recorded: readonly AwsCall[]): readonly AwsCall[] {
  const resolve = createResolver(settled);
  const { FunctionName: fullName, TracingConfig: tracing } = readFunction(settled, name);
  const propertiesOf = (type: string): readonly unknown[] =>
    resourcesOf(settled, type).map(([, { Properties: properties }]) => resolve(properties));
  const logs = resourcesOf(settled, 'AWS::Logs::LogGroup')
    .filter(([, { Properties: group }]) => v.is(LogGroup, group) && group.LogGroupName === `/aws/lambda/${fullName}`)
    .map(([id]) => String(resolve({ 'Fn::GetAtt': [id, 'Arn'] })));
  const mappings = propertiesOf('AWS::Lambda::EventSourceMapping').map((one) => v.parse(Mapping, one));
  const invocations = propertiesOf('AWS::Lambda::EventInvokeConfig').map((one) => v.parse(Invocations, one));
  return [
    ...toCalls(['logs:CreateLogStream', 'logs:PutLogEvents'], logs),
    ...(tracing.Mode === 'Active' ? toCalls(['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']) : []),
    ...toCalls(
      ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      mappings.filter((one) => isOf(one, fullName)).map(({ EventSourceArn: queue }) => queue),
    ),
    ...toCalls(
      ['sqs:SendMessage'],
      invocations
        .filter((one) => isOf(one, fullName))
        .flatMap(({ DestinationConfig: destinations }) => destinations?.OnFailure.Destination ?? []),
    ),
    ...recorded.filter(({ action }) => action === 's3:GetObject').map(toTellAbsent),
  ];
}

function toCalls(actions: readonly string[], resources: readonly string[]): readonly AwsCall[] {
  return resources.flatMap((resource) => actions.map((action) => ({ action, resource })));
}

/** A function is referred to by name or by ARN. */
function isOf({ FunctionName: named }: { readonly FunctionName: string }, fullName: string): boolean {
  return named === fullName || named.endsWith(`:function:${fullName}`);
}

function toTellAbsent({ resource }: AwsCall): AwsCall {
  const slash = resource.indexOf('/');
  return { action: 's3:ListBucket', resource: resource.slice(0, slash), prefix: resource.slice(slash + 1) };
}

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
  const called = [
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
    ...(readFunction(settled, name).VpcConfig === undefined ? [] : toCalls(INTERFACES, ['*'])),
  ];
  return [...called, ...listKeyCalls(settled, [...recorded, ...called])];
}

const INTERFACES = ['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DeleteNetworkInterface'];

/** What S3 and SQS ask of KMS in the caller's name, as their documents say. */
const KEY_CALLS: Readonly<Record<string, { readonly key: string; readonly actions: readonly string[] }>> = {
  's3:GetObject': { key: 'BucketKey', actions: ['kms:Decrypt'] },
  's3:PutObject': { key: 'BucketKey', actions: ['kms:GenerateDataKey'] },
  'sqs:SendMessage': { key: 'QueueKey', actions: ['kms:GenerateDataKey', 'kms:Decrypt'] },
  'sqs:ReceiveMessage': { key: 'QueueKey', actions: ['kms:Decrypt'] },
};

function listKeyCalls(settled: Template, calls: readonly AwsCall[]): readonly AwsCall[] {
  const resolve = createResolver(settled);
  return calls.flatMap(({ action }) => {
    const asked = KEY_CALLS[action];
    const key = asked === undefined ? '' : String(resolve({ Ref: asked.key }));
    return asked === undefined || key === '' ? [] : toCalls(asked.actions, [key]);
  });
}

function toCalls(actions: readonly string[], resources: readonly string[]): readonly AwsCall[] {
  return resources.flatMap((resource) => actions.map((action) => ({ action, resource })));
}

/** A function is referred to by name, by ARN, or by the ARN of an alias. */
function isOf({ FunctionName: named }: { readonly FunctionName: string }, fullName: string): boolean {
  return named === fullName || named.split(':function:')[1]?.split(':')[0] === fullName;
}

function toTellAbsent({ resource }: AwsCall): AwsCall {
  const slash = resource.indexOf('/');
  return { action: 's3:ListBucket', resource: resource.slice(0, slash), prefix: resource.slice(slash + 1) };
}

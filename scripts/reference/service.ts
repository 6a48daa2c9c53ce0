import * as v from 'valibot';
import { parse } from 'yaml';
import { readText } from './read-source.ts';

const Http = v.object({ method: v.string(), path: v.string(), authorizer: v.optional(v.unknown()) });
const Event = v.union([v.object({ httpApi: Http }), v.object({ sqs: v.object({ arn: v.string() }) })]);
const Service = v.object({
  provider: v.object({ memorySize: v.number() }),
  functions: v.record(
    v.string(),
    v.object({
      description: v.string(),
      role: v.string(),
      timeout: v.number(),
      memorySize: v.optional(v.number()),
      environment: v.optional(v.record(v.string(), v.unknown()), {}),
      events: v.optional(v.array(Event), []),
    }),
  ),
});
const Rule = v.object({
  Type: v.literal('AWS::Events::Rule'),
  Properties: v.object({ Description: v.string(), Targets: v.array(v.object({ Arn: v.string() })) }),
});
const Notification = v.object({
  Function: v.string(),
  Filter: v.object({ S3Key: v.object({ Rules: v.array(v.object({ Name: v.string(), Value: v.string() })) }) }),
});
const Bucket = v.object({
  Properties: v.object({
    NotificationConfiguration: v.object({ LambdaConfigurations: v.array(Notification) }),
  }),
});
const Resources = v.object({ Resources: v.record(v.string(), v.unknown()) });

export interface ServiceFunction {
  readonly name: string;
  readonly description: string;
  readonly role: string;
  readonly timeout: number;
  readonly memory: number;
  /** Names of the variables of its own. */
  readonly environment: readonly string[];
  /** What calls it, each in words. */
  readonly triggers: readonly string[];
}

/** CloudFormation's short forms (`!Ref`) are read as plain values. */
export function readYaml(file: string): unknown {
  return parse(readText(file), { logLevel: 'silent' });
}

/** The functions of a deployment, with everything that calls them. */
export function readFunctions(): readonly ServiceFunction[] {
  const { provider, functions } = v.parse(Service, readYaml('serverless.yml'));
  const others = [...readRules(), ...readNotifications()];
  return Object.entries(functions).map(([name, entry]) => ({
    name,
    description: entry.description,
    role: entry.role,
    timeout: entry.timeout,
    memory: entry.memorySize ?? provider.memorySize,
    environment: Object.keys(entry.environment),
    triggers: [
      ...entry.events.map(describeEvent),
      ...others.filter((trigger) => trigger.of === name).map(({ words }) => words),
    ],
  }));
}

interface Trigger {
  readonly of: string;
  readonly words: string;
}

function describeEvent(event: v.InferOutput<typeof Event>): string {
  if ('sqs' in event) return `messages of \`${event.sqs.arn.replace(/\.Arn$/, '')}\``;
  const { method, path, authorizer } = event.httpApi;
  return `\`${method} ${path}\`, ${authorizer === undefined ? 'open' : 'with IAM or a JWT'}`;
}

function readRules(): readonly Trigger[] {
  const { Resources: resources } = v.parse(Resources, readYaml('infra/events.yml'));
  return Object.values(resources).flatMap((resource) => {
    const rule = v.safeParse(Rule, resource);
    if (!rule.success) return [];
    const { Description: about, Targets: targets } = rule.output.Properties;
    return targets.map(({ Arn: arn }) => ({
      of: toFunctionName(arn),
      words: `EventBridge: ${about.charAt(0).toLowerCase()}${about.slice(1).replace(/, for [a-z-]+\.$/, '')}`,
    }));
  });
}

function readNotifications(): readonly Trigger[] {
  const { Resources: resources } = v.parse(Resources, readYaml('infra/bucket.yml'));
  const bucket = v.parse(Bucket, resources['ObjectsBucket']);
  return bucket.Properties.NotificationConfiguration.LambdaConfigurations.map(({ Function: arn, Filter: filter }) => {
    const partOf = (name: string): string => filter.S3Key.Rules.find((rule) => rule.Name === name)?.Value ?? '';
    return { of: toFunctionName(arn), words: `a new object \`${partOf('prefix')}*${partOf('suffix')}\`` };
  });
}

/** `VerifyDashpushedLambdaFunction.Arn` is verify-pushed. */
function toFunctionName(arn: string): string {
  const [id = ''] = arn.split('LambdaFunction');
  return id.charAt(0).toLowerCase() + id.slice(1).replaceAll('Dash', '-');
}

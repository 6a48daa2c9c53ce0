import { z } from 'zod';
import { ACCOUNT, REGION } from './aws/aws-call.ts';
import type { Resource, Template } from './template.ts';

const Ref = z.strictObject({ Ref: z.string() });
const GetAtt = z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.string()]) });
const Sub = z.strictObject({ 'Fn::Sub': z.string() });
const Split = z.strictObject({ 'Fn::Split': z.tuple([z.string(), z.unknown()]) });
const Parameter = z.object({ Default: z.union([z.string(), z.number()]).transform(String) });

const PSEUDO_PARAMETERS: Readonly<Record<string, string>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::URLSuffix': 'amazonaws.com',
};

/**
 * What CloudFormation would put in the place of references: names in {@link ACCOUNT} and {@link REGION}. A reference
 * that is not known here throws.
 *
 * @param settled a template whose conditions are decided
 */
export function createResolver({
  Resources: resources,
  Parameters: parameters,
}: Template): (value: unknown) => unknown {
  function resolve(value: unknown): unknown {
    const reference = Ref.safeParse(value);
    if (reference.success) return resolveName(reference.data.Ref);
    const attribute = GetAtt.safeParse(value);
    if (attribute.success) return resolveName(attribute.data['Fn::GetAtt'].join('.'));
    const text = Sub.safeParse(value);
    if (text.success) return text.data['Fn::Sub'].replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => resolveName(name));
    const list = Split.safeParse(value);
    if (list.success) return z.string().parse(resolve(list.data['Fn::Split'][1])).split(list.data['Fn::Split'][0]);
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
  }

  /** `Name` or `Name.Attribute`. */
  function resolveName(name: string): string {
    const [id = '', attribute] = name.split('.');
    const known = PSEUDO_PARAMETERS[id];
    if (known !== undefined) return known;
    if (Object.hasOwn(parameters, id)) return Parameter.parse(parameters[id]).Default;
    const resource = Object.hasOwn(resources, id) ? resources[id] : undefined;
    const found = resource === undefined ? undefined : toNames(resource, resolve)[attribute ?? 'Ref'];
    if (found === undefined) throw new Error(`nothing is known of ${name}`);
    return found;
  }

  return resolve;
}

/** What a resource is called once it is there: by Ref, and by attribute. */
function toNames(
  { Type: type, Properties: properties }: Resource,
  resolve: (value: unknown) => unknown,
): Readonly<Record<string, string>> {
  const nameOf = (property: string): string => z.string().parse(resolve(properties[property]));
  const toArn = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
  switch (type) {
    case 'AWS::CloudFront::Distribution':
      return { Ref: 'E1EXAMPLE' };
    case 'AWS::Events::EventBus':
      return { Ref: nameOf('Name'), Arn: toArn('events', `event-bus/${nameOf('Name')}`) };
    case 'AWS::Lambda::Function':
      return { Ref: nameOf('FunctionName'), Arn: toArn('lambda', `function:${nameOf('FunctionName')}`) };
    case 'AWS::Logs::LogGroup':
      return { Ref: nameOf('LogGroupName'), Arn: toArn('logs', `log-group:${nameOf('LogGroupName')}:*`) };
    case 'AWS::S3::Bucket':
      return { Ref: nameOf('BucketName'), Arn: `arn:aws:s3:::${nameOf('BucketName')}` };
    case 'AWS::SQS::Queue': {
      const url = `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${nameOf('QueueName')}`;
      return { Ref: url, Arn: toArn('sqs', nameOf('QueueName')) };
    }
    default:
      return {};
  }
}

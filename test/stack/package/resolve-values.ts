import * as v from 'valibot';
import { ACCOUNT, REGION } from './aws/aws-call.ts';
import type { Resource, Template } from './template.ts';

const Ref = v.strictObject({ Ref: v.string() });
const GetAtt = v.strictObject({ 'Fn::GetAtt': v.strictTuple([v.string(), v.string()]) });
const Sub = v.strictObject({ 'Fn::Sub': v.string() });
const Split = v.strictObject({ 'Fn::Split': v.strictTuple([v.string(), v.unknown()]) });
const Parameter = v.object({ Default: v.pipe(v.union([v.string(), v.number()]), v.transform(String)) });

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
    const reference = v.safeParse(Ref, value);
    if (reference.success) return resolveName(reference.output.Ref);
    const attribute = v.safeParse(GetAtt, value);
    if (attribute.success) return resolveName(attribute.output['Fn::GetAtt'].join('.'));
    const text = v.safeParse(Sub, value);
    if (text.success)
      return text.output['Fn::Sub'].replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => resolveName(name));
    const list = v.safeParse(Split, value);
    if (list.success)
      return v.parse(v.string(), resolve(list.output['Fn::Split'][1])).split(list.output['Fn::Split'][0]);
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
  }

  /** `Name` or `Name.Attribute`. */
  function resolveName(name: string): string {
    const [id = '', attribute] = name.split('.');
    const known = PSEUDO_PARAMETERS[id];
    if (known !== undefined) return known;
    if (Object.hasOwn(parameters, id)) return v.parse(Parameter, parameters[id]).Default;
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
  const nameOf = (property: string): string => v.parse(v.string(), resolve(properties[property]));
  const toArn = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
  switch (type) {
    case 'AWS::ApiGatewayV2::Api':
      return { Ref: 'api' };
    case 'AWS::CloudFront::Distribution':
      return { Ref: 'E1EXAMPLE' };
    case 'AWS::Events::EventBus':
      return { Ref: nameOf('Name'), Arn: toArn('events', `event-bus/${nameOf('Name')}`) };
    case 'AWS::Events::Rule':
      return { Ref: nameOf('Name') };
    case 'AWS::Lambda::Function':
      return { Ref: nameOf('FunctionName'), Arn: toArn('lambda', `function:${nameOf('FunctionName')}`) };
    case 'AWS::Lambda::Alias':
      return { Ref: toArn('lambda', `function:${nameOf('FunctionName')}:${nameOf('Name')}`) };
    case 'AWS::Logs::LogGroup':
      return { Ref: nameOf('LogGroupName'), Arn: toArn('logs', `log-group:${nameOf('LogGroupName')}:*`) };
    case 'AWS::S3::Bucket':
      return { Ref: nameOf('BucketName'), Arn: `arn:aws:s3:::${nameOf('BucketName')}` };
    case 'AWS::SQS::Queue': {
      const url = `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${nameOf('QueueName')}`;
      return { Ref: url, Arn: toArn('sqs', nameOf('QueueName')), QueueName: nameOf('QueueName') };
    }
    default:
      return {};
  }
}

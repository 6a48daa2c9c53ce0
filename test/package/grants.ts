import { z } from 'zod';
import { resourcesOf, type Template } from './template.ts';

const many = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Sub = z.object({ 'Fn::Sub': z.string() }).transform((sub) => [toPlace(sub['Fn::Sub'])]);
/** What a statement is about, as one or more places: a resource's name, a parameter's, or the rest of an ARN. */
const Resource = z.union([
  z.string().transform((text) => [toPlace(text)]),
  Sub,
  z.object({ Ref: z.string() }).transform(({ Ref: name }) => [name]),
  z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }).transform((get) => [get['Fn::GetAtt'][0]]),
  z.object({ 'Fn::Split': z.tuple([z.literal(','), z.object({ 'Fn::Sub': z.string() })]) }).transform((split) => {
    const [, { 'Fn::Sub': text }] = split['Fn::Split'];
    return text.split(',').map(toPlace);
  }),
]);

const Statement = z.strictObject({
  Sid: z.string(),
  Effect: z.literal('Allow'),
  Action: many,
  Resource: z.union([z.array(Resource).transform((places) => places.flat()), Resource]),
  Condition: z.strictObject({ StringLikeIfExists: z.strictObject({ 's3:prefix': z.array(z.string()) }) }).optional(),
});

const Role = z.object({
  Policies: z.tuple([z.object({ PolicyDocument: z.object({ Statement: z.array(Statement) }) })]),
});

/** The bucket's own keys start with a slash; any other ARN loses its partition alone. Variables are written `<Name>`. */
function toPlace(arn: string): string {
  return arn
    .replaceAll(/\$\{(?:AWS::)?(\w+)\}/g, '<$1>')
    .replace(/^arn:(?:<Partition>|[a-z-]+):/, '')
    .replace(/^s3:::signet-[^/]*/, '');
}

/**
 * What a role may do, one line per action and resource, sorted: `s3:GetObject /trust/*`. For a listing the prefixes
 * stand in the resource's place. A statement of another form than infra/iam.yml has is refused.
 *
 * @param settled a template whose conditions are decided
 */
export function listGrants(settled: Template, roleId: string): readonly string[] {
  const [, role] = resourcesOf(settled, 'AWS::IAM::Role').find(([id]) => id === roleId) ?? [];
  const [{ PolicyDocument: document }] = Role.parse(role?.Properties).Policies;
  return document.Statement.flatMap(({ Action: actions, Resource: resources, Condition: condition }) => {
    const places = condition?.StringLikeIfExists['s3:prefix'].map((prefix) => `/${prefix}`) ?? resources;
    return actions.flatMap((action) => places.map((place) => `${action} ${place}`));
  }).toSorted(compare);
}

/** The parts of the bucket that a function reads and writes, and what else it does, as {@link listGrants} lists it. */
export interface Needs {
  readonly reads: readonly string[];
  readonly writes?: readonly string[];
  readonly deletes?: readonly string[];
  readonly others?: readonly string[];
}

/** Who reads may also learn that a key is absent, which S3 tells only to who may list. Every function logs and is traced. */
export function toGrants(roleId: string, needs: Needs = { reads: [] }): readonly string[] {
  const { reads, writes = [], deletes = [], others = [] } = needs;
  const logs = roleId.replace(/Role$/, 'Logs');
  return [
    ...reads.flatMap((part) => [`s3:GetObject /${part}/*`, `s3:ListBucket /${part}/*`]),
    ...writes.map((part) => `s3:PutObject /${part}/*`),
    ...deletes.map((part) => `s3:DeleteObject /${part}/*`),
    ...others,
    `logs:CreateLogStream ${logs}`,
    `logs:PutLogEvents ${logs}`,
    'xray:PutTelemetryRecords *',
    'xray:PutTraceSegments *',
  ].toSorted(compare);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : 1;
}

import { z } from 'zod';
import { resourcesOf, type Template } from './template.ts';

const many = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Arn = z.union([
  z.object({ 'Fn::Sub': z.string() }).transform((sub) => sub['Fn::Sub'].replace(/^arn:[^/]*/, '')),
  z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }).transform((get) => get['Fn::GetAtt'][0]),
]);

const Statement = z.object({
  Effect: z.literal('Allow'),
  Action: many,
  Resource: z.union([z.array(Arn), Arn.transform((one) => [one])]),
  Condition: z.object({ StringLikeIfExists: z.object({ 's3:prefix': z.array(z.string()) }) }).optional(),
});

const Role = z.object({
  Policies: z.tuple([z.object({ PolicyDocument: z.object({ Statement: z.array(Statement) }) })]),
});

/**
 * What a role may do, one line per action and resource, sorted: `s3:GetObject /trust/*`. For a listing the prefixes
 * stand in the resource's place. A statement of another form than infra/iam.yml has is refused.
 */
export function listGrants(template: Template, roleId: string): readonly string[] {
  const [, role] = resourcesOf(template, 'AWS::IAM::Role').find(([id]) => id === roleId) ?? [];
  const [{ PolicyDocument: document }] = Role.parse(role?.Properties).Policies;
  return document.Statement.flatMap(({ Action: actions, Resource: arns, Condition: condition }) => {
    const places = condition?.StringLikeIfExists['s3:prefix'].map((prefix) => `/${prefix}`) ?? arns;
    return actions.flatMap((action) => places.map((place) => `${action} ${place}`));
  }).toSorted(compare);
}

/** The parts of the bucket that a function reads and writes, and what it does to queues, as {@link listGrants} lists it. */
export interface Needs {
  readonly reads: readonly string[];
  readonly writes?: readonly string[];
  readonly queues?: readonly string[];
}

/** Who reads may also learn that a key is absent, which S3 tells only to who may list. */
export function toGrants(roleId: string, needs: Needs = { reads: [] }): readonly string[] {
  const { reads, writes = [], queues = [] } = needs;
  const logs = roleId.replace(/Role$/, 'Logs');
  return [
    ...reads.flatMap((part) => [`s3:GetObject /${part}/*`, `s3:ListBucket /${part}/*`]),
    ...writes.map((part) => `s3:PutObject /${part}/*`),
    ...queues,
    `logs:CreateLogStream ${logs}`,
    `logs:PutLogEvents ${logs}`,
  ].toSorted(compare);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : 1;
}

import * as v from 'valibot';
import type { AwsCall } from './aws/aws-call.ts';
import { createResolver } from './resolve-values.ts';
import { resourcesOf, type Template } from './template.ts';

const many = v.union([
  v.pipe(
    v.string(),
    v.transform((one) => [one]),
  ),
  v.array(v.string()),
]);

const Statement = v.strictObject({
  Sid: v.string(),
  Effect: v.literal('Allow'),
  Action: many,
  Resource: many,
  Condition: v.optional(v.strictObject({ StringLikeIfExists: v.strictObject({ 's3:prefix': v.array(v.string()) }) })),
});

const Role = v.object({
  Policies: v.strictTuple([v.object({ PolicyDocument: v.object({ Statement: v.array(Statement) }) })]),
});

/** The least that a role can be given: one action, on what one pattern covers. */
export interface Grant {
  readonly action: string;
  readonly resource: string;
  /** Pattern of the prefixes that a listing may name. One that names none is allowed too. */
  readonly prefix?: string | undefined;
}

/**
 * What a role may do. A statement of another form than infra/iam.yml has is refused.
 *
 * @param settled a template whose conditions are decided
 */
export function listGrants(settled: Template, roleId: string): readonly Grant[] {
  const [, role] = resourcesOf(settled, 'AWS::IAM::Role').find(([id]) => id === roleId) ?? [];
  const [{ PolicyDocument: document }] = v.parse(Role, createResolver(settled)(role?.Properties)).Policies;
  return document.Statement.flatMap(({ Action: actions, Resource: resources, Condition: condition }) => {
    const prefixes = condition?.StringLikeIfExists['s3:prefix'] ?? [undefined];
    return actions.flatMap((action) =>
      resources.flatMap((resource) => prefixes.map((prefix) => ({ action, resource, prefix }))),
    );
  });
}

/** What is wrong with grants by what was called: calls that none allows, and grants that no call needs. */
export function findGrantFaults(grants: readonly Grant[], calls: readonly AwsCall[]): readonly string[] {
  const refused = calls.filter((call) => !grants.some((grant) => isAllowed(grant, call)));
  const unused = grants.filter((grant) => !calls.some((call) => isAllowed(grant, call) && isNamed(grant, call)));
  const faults = [
    ...refused.map((call) => `not allowed: ${describe(call)}`),
    ...unused.map((grant) => `not needed: ${describe(grant)}`),
  ];
  return [...new Set(faults)];
}

function isAllowed(grant: Grant, call: AwsCall): boolean {
  if (grant.action !== call.action || !isLike(grant.resource, call.resource)) return false;
  return grant.prefix === undefined || call.prefix === undefined || isLike(grant.prefix, call.prefix);
}

/** A listing without a prefix passes every condition, and is a reason for none. */
function isNamed(grant: Grant, call: AwsCall): boolean {
  return grant.prefix === undefined || call.prefix !== undefined;
}

/** As IAM compares: `*` stands for any characters, slashes too. */
export function isLike(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
}

function describe({ action, resource, prefix }: Grant): string {
  return [action, resource, ...(prefix === undefined ? [] : [`prefix ${prefix}`])].join(' ');
}

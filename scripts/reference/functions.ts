import * as v from 'valibot';
import { toCode, toHead, toTable, toText } from './read-source.ts';
import { readFunctions, readYaml, type ServiceFunction } from './service.ts';

const Statement = v.object({
  Sid: v.string(),
  Action: v.union([v.string(), v.array(v.string())]),
  Resource: v.union([v.string(), v.array(v.string())]),
  Condition: v.optional(v.object({ StringLikeIfExists: v.object({ 's3:prefix': v.array(v.string()) }) })),
});
const Role = v.object({
  Properties: v.object({
    Policies: v.tuple([v.object({ PolicyDocument: v.object({ Statement: v.array(v.unknown()) }) })]),
  }),
});
/** What every function may do; said once. */
const SHARED = new Set(['Log', 'Trace']);

/** docs/reference/functions.md */
export function makeFunctions(): string {
  const { Resources: roles } = v.parse(
    v.object({ Resources: v.record(v.string(), v.unknown()) }),
    readYaml('infra/iam.yml'),
  );
  const functions = readFunctions();
  const sections = functions.map((one) => describeFunction(one, v.parse(Role, roles[one.role])));
  return `${toHead('Functions', '`serverless.yml` and `infra/`')}
One folder of \`functions/\` is one Lambda with a bundle and a role of its own.
\`npm start\` runs the same handlers on one machine.
Requests and answers are in [openapi.yaml](../openapi.yaml).

Besides its grants below, each function may write its own log and its traces, and nothing else.
A grant on a name that ends with \`/\` is on that prefix of the bucket.
A grant with a condition exists only when the template's condition holds.

${sections.join('\n\n')}
`;
}

function describeFunction(
  { name, description, timeout, memory, environment, triggers }: ServiceFunction,
  role: v.InferOutput<typeof Role>,
): string {
  const [policy] = role.Properties.Policies;
  const rows = policy.PolicyDocument.Statement.flatMap((statement) => listGrants(statement, []));
  return [
    `## ${name}`,
    toText(description).replaceAll(/(?<=\.) /g, '\n'),
    `Limits: ${timeout} s, ${memory} MB.`,
    `Called by:\n\n${triggers.map((trigger) => `- ${trigger}`).join('\n')}`,
    ...(environment.length === 0
      ? []
      : [`Variables of its own:\n\n${environment.map((variable) => `- ${toCode(variable)}`).join('\n')}`]),
    rows.length === 0 ? 'It has no grant of its own.' : toTable(['grant', 'on', 'condition'], rows),
  ].join('\n\n');
}

/** A statement, or `!If [condition, statement, …]`, which is read as a list. */
function listGrants(statement: unknown, conditions: readonly string[]): readonly (readonly string[])[] {
  if (Array.isArray(statement)) {
    const [condition, inner] = v.parse(v.looseTuple([v.string(), v.unknown()]), statement);
    return listGrants(inner, [...conditions, condition]);
  }
  const grant = v.parse(Statement, statement);
  if (SHARED.has(grant.Sid)) return [];
  const prefixes = grant.Condition?.StringLikeIfExists['s3:prefix'];
  const resources = prefixes === undefined ? [grant.Resource].flat().map(toResource) : prefixes.map(toPrefix);
  const actions = [grant.Action].flat().map(toCode).join(', ');
  // `!If [condition, one, other]` and `!Split [",", list]` are lists too: what decides is not a resource.
  const named = resources.filter((name) => name !== ',' && !/^(?:Has|Own)[A-Z]/.test(name));
  return [[actions, named.map(toCode).join(', '), conditions.map(toCode).join(', ')]];
}

function toResource(resource: string): string {
  return toPrefix(
    resource
      .replace(/^\$\{self:custom\.objectsArn\}\/?/, '')
      .replace(/\.Arn$/, '')
      .replace(/^\$\{param:(\w+)\}$/, '$1')
      .replace(/^arn:.*:distribution\/\$\{(\w+)\}$/, '$1'),
  );
}

function toPrefix(name: string): string {
  return name.replace(/\*$/, '');
}

import { createRequire } from 'node:module';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { listFunctions } from '../../../scripts/build-functions.ts';
import { findReferences, type Resource, resourcesOf, type Template } from './template.ts';
import { useVariants } from './use-variants.ts';

const names = await listFunctions();
const read = useVariants();

const Group = v.object({
  DeploymentGroupName: v.string(),
  DeploymentConfigName: v.unknown(),
  AlarmConfiguration: v.object({
    Enabled: v.boolean(),
    Alarms: v.array(v.object({ Name: v.object({ Ref: v.string() }) })),
  }),
  AutoRollbackConfiguration: v.unknown(),
  ServiceRoleArn: v.unknown(),
});

/** As the packager spells a function's name. */
function toId(name: string, end = 'LambdaFunction'): string {
  return `${(name.slice(0, 1).toUpperCase() + name.slice(1)).replaceAll('-', 'Dash')}${end}`;
}

/** What names a function, but is not a way to call it. */
const NO_CALLERS = [
  'AWS::Lambda::Function',
  'AWS::Lambda::Version',
  'AWS::Lambda::Alias',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
];

/** `HttpApiIntegrationVerifyDashimage VerifyDashimageLambdaFunction`, of all that calls. */
function listCallers({ Resources: resources }: Template, called: readonly string[]): readonly string[] {
  const callers = Object.entries(resources).filter(
    ([id, { Type: type }]) => !NO_CALLERS.includes(type) && id !== 'GradualRole',
  );
  return callers.flatMap(([id, { Properties: properties }]) =>
    findReferences(properties)
      .filter(({ name }) => called.includes(name))
      .map(({ name }) => `${id} ${name}`),
  );
}

describe('without gradual deployment', () => {
  test('there is no version, no alias, and nothing of CodeDeploy', () => {
    const types = Object.values(read('defaults').settled.Resources).map(({ Type: type }) => type);
    expect(types.filter((type) => /CodeDeploy|Lambda::(?:Version|Alias)/.test(type))).toEqual([]);
    expect(read('defaults').settled.Resources).not.toHaveProperty('GradualRole');
  });

  test('functions are called by their ARN, and say nothing of a version', () => {
    const { settled } = read('defaults');
    const callers = listCallers(
      settled,
      names.map((name) => toId(name)),
    );
    // An integration and a permission for each of nine functions, three queues, and rules, notifications and retries.
    expect(callers).toHaveLength(9 * 2 + 3 + 3 * 2 + 2 * 2 + 2);
    for (const [, { Properties: properties }] of resourcesOf(settled, 'AWS::Lambda::Function')) {
      expect(properties['Description']).not.toMatch(/Version/);
    }
  });
});

describe('with gradual deployment', () => {
  test('all that called a function calls its alias, and nothing calls a function past it', () => {
    const { settled } = read('every option');
    const before = listCallers(
      read('defaults').settled,
      names.map((name) => toId(name)),
    );
    const after = listCallers(
      settled,
      names.map((name) => toId(name, 'Alias')),
    );
    expect(after.map((caller) => caller.replace(/Alias$/, 'LambdaFunction')).toSorted(compare)).toEqual(
      [...before].toSorted(compare),
    );
    // Retries are of a function by name, and of its alias by their qualifier.
    expect(
      listCallers(
        settled,
        names.map((name) => toId(name)),
      ),
    ).toEqual(
      ['ReceiveDashpush', 'PlanDashmirror'].map(
        (id) => expect.stringMatching(`Invocations ${id}LambdaFunction`) as unknown,
      ),
    );
  });

  test.each(names)('%s has a version, an alias that CodeDeploy moves, and alarms that move it back', (name) => {
    const { settled } = read('every option');
    const { FunctionVersion: current, ...alias } = settled.Resources[toId(name, 'Alias')]?.Properties ?? {};
    expect(alias).toEqual({ FunctionName: { Ref: toId(name) }, Name: 'live' });
    const {
      'Fn::GetAtt': [version],
    } = v.parse(v.object({ 'Fn::GetAtt': v.strictTuple([v.string(), v.literal('Version')]) }), current);
    expect(version).toMatch(new RegExp(`^${toId(name, 'Version')}[0-9a-f]{16}$`));
    expect(settled.Resources[version]).toEqual({
      Type: 'AWS::Lambda::Version',
      Condition: 'HasGradualDeployment',
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: { FunctionName: { Ref: toId(name) } },
    });
    // Lambda makes no version of what it has one of: a version's hash is a setting of the function too.
    expect(settled.Resources[toId(name)]?.Properties['Description']).toMatch(
      new RegExp(` Version ${version.slice(-16)}\\.$`),
    );
    expect(settled.Resources[toId(name, 'Alias')]?.UpdatePolicy).toEqual({
      CodeDeployLambdaAliasUpdate: {
        ApplicationName: { Ref: 'GradualApplication' },
        DeploymentGroupName: { Ref: toId(name, 'Group') },
      },
    });
    const group = v.parse(Group, settled.Resources[toId(name, 'Group')]?.Properties);
    expect(group).toMatchObject({
      DeploymentGroupName: name,
      ServiceRoleArn: { 'Fn::GetAtt': ['GradualRole', 'Arn'] },
      AlarmConfiguration: { Enabled: true },
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
      },
    });
    const alarms = group.AlarmConfiguration.Alarms.map(({ Name: { Ref: id } }) => id);
    expect(settled.Resources[alarms[0] ?? '']?.Properties['AlarmName']).toBe(`signet-dev-${name}-errors`);
    expect(alarms.slice(1)).toEqual(ALARMS[name] ?? []);
  });

  test('at once, no alarm holds up a fix', () => {
    const groups = resourcesOf(read('the other options').settled, 'AWS::CodeDeploy::DeploymentGroup');
    expect(groups).toHaveLength(names.length);
    for (const [, { Properties: properties }] of groups) {
      expect(v.parse(Group, properties).AlarmConfiguration.Enabled).toBe(false);
    }
  });

  test('an alarm that tells of a function is there before CodeDeploy looks at it, and is of this stage', () => {
    const { settled } = read('every option');
    const alarms = resourcesOf(settled, 'AWS::CodeDeploy::DeploymentGroup').flatMap(([, { Properties: properties }]) =>
      v.parse(Group, properties).AlarmConfiguration.Alarms.map(({ Name: { Ref: id } }) => settled.Resources[id]),
    );
    for (const alarm of alarms) {
      expect(alarm?.Type).toBe('AWS::CloudWatch::Alarm');
      expect(alarm?.Properties['AlarmName']).toMatch(/^signet-dev-/);
    }
  });

  test('CodeDeploy may move the aliases of these functions and look at the stage’s alarms, for this application alone', () => {
    const role = read('every option').settled.Resources['GradualRole']?.Properties;
    const functions = resourcesOf(read('every option').settled, 'AWS::Lambda::Function').map(([id]) => id);
    const toArn = (service: string, rest: string) => ({
      'Fn::Sub': `arn:\${AWS::Partition}:${service}:\${AWS::Region}:\${AWS::AccountId}:${rest}`,
    });
    expect(role?.['AssumeRolePolicyDocument']).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'codedeploy.amazonaws.com' },
          Action: 'sts:AssumeRole',
          Condition: {
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            ArnLike: { 'aws:SourceArn': toArn('codedeploy', 'deploymentgroup:signet-dev/*') },
          },
        },
      ],
    });
    expect(role?.['Policies']).toEqual([
      {
        PolicyName: 'shift',
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'Shift',
              Effect: 'Allow',
              Action: ['lambda:GetAlias', 'lambda:UpdateAlias', 'lambda:GetProvisionedConcurrencyConfig'],
              Resource: functions.flatMap((id) => [{ 'Fn::GetAtt': [id, 'Arn'] }, { 'Fn::Sub': `\${${id}.Arn}:*` }]),
            },
            {
              Sid: 'Watch',
              Effect: 'Allow',
              Action: 'cloudwatch:DescribeAlarms',
              Resource: toArn('cloudwatch', 'alarm:signet-dev-*'),
            },
          ],
        },
      },
    ]);
  });

  test('nothing calls an alias before it may', () => {
    const { Resources: resources } = read('every option').settled;
    const callers = Object.entries(resources).filter(([, { Type: type }]) =>
      ['AWS::ApiGatewayV2::Integration', 'AWS::Events::Rule', 'AWS::S3::Bucket'].includes(type),
    );
    for (const [id, { DependsOn: first = [], Properties: properties }] of callers) {
      const called = findReferences(properties).filter(({ name }) => name.endsWith('Alias'));
      const permissions = [first].flat().flatMap((name) => findReferences(resources[name]?.Properties['FunctionName']));
      const missing = called.filter(({ name }) => !permissions.some((permission) => permission.name === name));
      expect([id, missing]).toEqual([id, []]);
    }
  });
});

const OVER_THE_API = ['RequestFailuresAlarm', 'ApiErrorsAlarm', 'ApiLatencyAlarm'];
/** Beside a function's errors. */
const ALARMS: Readonly<Record<string, readonly string[]>> = {
  'check-pullspec': OVER_THE_API,
  'verify-image': OVER_THE_API,
  'serve-signature': OVER_THE_API,
  'serve-page': OVER_THE_API,
  'read-records': OVER_THE_API,
  'redrive-letters': OVER_THE_API,
  'receive-push': OVER_THE_API,
  'review-admission': OVER_THE_API,
  'export-bundle': ['RequestFailuresAlarm', 'MessageFailuresAlarm', 'ApiErrorsAlarm', 'ApiLatencyAlarm'],
  'mirror-signatures': ['MessageFailuresAlarm'],
  'verify-pushed': ['MessageFailuresAlarm'],
};

const { applyVersions } = createRequire(import.meta.url)('../../../infra/packager/versions.cjs') as {
  readonly applyVersions: (template: Template, readZip: (name: string) => Promise<Uint8Array>) => Promise<unknown>;
};

/** The packaged template as it was before it got versions. */
function readUnversioned(): Template {
  const { template } = read('defaults');
  const kept = Object.entries(template.Resources).filter(
    ([id, { Condition: condition }]) => condition !== 'HasGradualDeployment' || id === 'GradualRole',
  );
  return { ...template, Resources: Object.fromEntries(kept.map(([id, one]) => [id, undo(one) as Resource])) };
}

function undo(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(undo);
  if (typeof value !== 'object' || value === null) return value;
  const choice = v.safeParse(
    v.object({ 'Fn::If': v.tuple([v.literal('HasGradualDeployment'), v.unknown(), v.unknown()]) }),
    value,
  );
  if (choice.success) return undo(choice.output['Fn::If'][2]);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, undo(inner)]));
}

interface Change {
  readonly name: string;
  /** Of verify-image. */
  readonly code?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly settings?: (resources: Template['Resources']) => void;
  readonly changed: readonly string[];
}

describe('a version', () => {
  /** The hash of each function's version. */
  async function readVersions({
    code = '',
    parameters = {},
    settings,
  }: Partial<Change>): Promise<ReadonlyMap<string, string>> {
    const template = readUnversioned();
    settings?.(template.Resources);
    const given = Object.entries(parameters).map(([name, Default]) => [name, { Type: 'String', Default }] as const);
    const changed = { ...template, Parameters: { ...template.Parameters, ...Object.fromEntries(given) } };
    await applyVersions(changed, (name) => Promise.resolve(Buffer.from(name === 'verify-image' ? code : '')));
    const versions = resourcesOf(changed, 'AWS::Lambda::Version').map(([id]) => id.split(/Version(?=[0-9a-f]{16}$)/));
    return new Map(versions.map(([id = '', hash = '']) => [id, hash]));
  }

  const all = names.map((name) => toId(name, ''));
  const secret = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:pull-AbCdEf';
  const change = (id: string, properties: Readonly<Record<string, unknown>>) => (resources: Template['Resources']) =>
    Object.assign(resources[id]?.Properties ?? {}, properties);
  const CHANGES: readonly Change[] = [
    { name: 'nothing', changed: [] },
    { name: 'new code', code: 'new', changed: ['VerifyDashimage'] },
    { name: 'more memory', settings: change(toId('reverify'), { MemorySize: 2048 }), changed: ['Reverify'] },
    {
      name: 'a secret that four functions read',
      parameters: { PullSecret: secret },
      changed: ['PlanDashmirror', 'ReviewDashadmission', 'VerifyDashimage', 'VerifyDashpushed'],
    },
    { name: 'a bus, by a condition', parameters: { EventBus: 'bus' }, changed: ['VerifyDashpushed'] },
    { name: 'a CDN, which reverify clears', parameters: { Cdn: 'true' }, changed: ['Reverify'] },
    { name: 'a network', parameters: { VpcSubnets: 'subnet-1', VpcSecurityGroups: 'sg-1' }, changed: all },
    { name: 'a path of roles, which are other roles then', parameters: { RolePath: '/platform/' }, changed: all },
    { name: 'executions that are kept', parameters: { VerifyReserved: '20' }, changed: [] },
    { name: 'tags', settings: change(toId('reverify'), { Tags: [{ Key: 'team', Value: 'platform' }] }), changed: [] },
    {
      name: 'another place of the same zip',
      settings: change(toId('reverify'), { Code: { S3Key: 'later/reverify.zip' } }),
      changed: [],
    },
    { name: 'another way to deploy', parameters: { GradualDeployment: 'AllAtOnce' }, changed: [] },
  ];

  test.each(CHANGES)('is another one for $name, of those functions alone', async ({ changed, ...given }) => {
    const [before, after] = [await readVersions({}), await readVersions(given)];
    expect([...before.keys()].toSorted(compare)).toEqual(all.toSorted(compare));
    expect(all.filter((id) => before.get(id) !== after.get(id)).toSorted(compare)).toEqual(changed.toSorted(compare));
  });
});

describe('the template’s rules', () => {
  const Rule = v.object({
    RuleCondition: v.unknown(),
    Assertions: v.tuple([v.object({ Assert: v.unknown(), AssertDescription: v.string() })]),
  });

  test.each(['defaults', 'every option'] as const)(
    'refuse another value alone of whatever functions are set by, with %s',
    (variant) => {
      const { template } = read(variant);
      const rules = Object.entries(template.Rules).filter(([id]) => id.startsWith('GradualDeploymentFixes'));
      const settings = resourcesOf(template, 'AWS::Lambda::Function').map(([, { Properties: properties }]) => {
        const { Code: _, ReservedConcurrentExecutions: __, ...others } = properties;
        return others;
      });
      const conditions = [...JSON.stringify(settings).matchAll(/"Fn::If":\["(\w+)"/g)].map(
        ([, id = '']) => template.Conditions[id],
      );
      const named = findReferences([settings, conditions]).map(({ name }) => name);
      const parameters = Object.keys(template.Parameters).filter(
        (name) => named.includes(name) && name !== 'GradualDeployment',
      );
      expect(parameters.length).toBeGreaterThan(10);
      expect(rules.map(([id]) => id)).toEqual(
        [...parameters, 'RolePath'].toSorted(compare).map((name) => `GradualDeploymentFixes${name}`),
      );
      for (const [id, rule] of rules) {
        const name = id.slice('GradualDeploymentFixes'.length);
        const Default = v.parse(v.object({ Default: v.string() }), template.Parameters[name]).Default;
        expect(v.parse(Rule, rule)).toEqual({
          RuleCondition: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'GradualDeployment' }, ''] }] },
          Assertions: [
            {
              Assert: { 'Fn::Equals': [{ Ref: name }, Default] },
              AssertDescription: `with GradualDeployment ${name} is changed by packaging again`,
            },
          ],
        });
      }
    },
  );
});

function compare(one: string, other: string): number {
  return one < other ? -1 : 1;
}

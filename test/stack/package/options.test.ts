import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { settleConditions } from './settle-conditions.ts';
import { resourcesOf, type Template } from './template.ts';
import { useVariants } from './use-variants.ts';
import { EVERY_OPTION, OTHER_OPTIONS } from './variants.ts';

const read = useVariants();

/** The packaged template with other values of its parameters, by the stage's names. */
function settleWith(values: Readonly<Record<string, string>>): Template {
  const { template } = read('defaults');
  const given = Object.entries(values).map(([name, Default]) => {
    const id = name.slice(0, 1).toUpperCase() + name.slice(1);
    expect(template.Parameters).toHaveProperty(id);
    return [id, { Type: 'String', Default }] as const;
  });
  return settleConditions({ ...template, Parameters: { ...template.Parameters, ...Object.fromEntries(given) } });
}

function every(type: string): readonly string[] {
  return resourcesOf(read('defaults').settled, type).map(([id]) => id);
}

const only = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, OTHER_OPTIONS[name] || (EVERY_OPTION[name] ?? '')]));

/** What calls a function, as far as it is there without options. */
const callers = () => [
  ...['AWS::ApiGatewayV2::Integration', 'AWS::Lambda::Permission', 'AWS::Lambda::EventSourceMapping'].flatMap(every),
  ...['AWS::Events::Rule', 'AWS::Lambda::EventInvokeConfig'].flatMap(every),
  'ObjectsBucket',
];
/** A version, an alias and a group each, and what all groups share. */
const versioned = () => [
  ...['AWS::Lambda::Version', 'AWS::Lambda::Alias', 'AWS::CodeDeploy::DeploymentGroup'].flatMap((type) =>
    resourcesOf(read('defaults').template, type).map(([id]) => id),
  ),
  'GradualApplication',
  'GradualRole',
];

const roles = () => every('AWS::IAM::Role');
/** Of functions that know the bucket. */
const withObjects = () => roles().filter((name) => !['RedriveLettersRole', 'ServePageRole'].includes(name));
const functions = () => every('AWS::Lambda::Function');

const WITH_QUEUES = [
  'ReadRecordsRole',
  'RedriveLettersRole',
  'VerifyImageRole',
  'MirrorSignaturesRole',
  'PlanMirrorRole',
  'ExportBundleRole',
  'ReceivePushRole',
  'VerifyPushedRole',
  'ReverifyRole',
];
const RECEIVERS = ['ReceiveDashpushLambdaFunction', 'ReviewDashadmissionLambdaFunction'];

interface Row {
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
  /** Beside what a CDN or a domain adds, for those that need one. */
  readonly without?: Readonly<Record<string, string>>;
  readonly added?: readonly string[] | (() => readonly string[]);
  readonly changed: () => readonly string[];
}

const ROWS: readonly Row[] = [
  { name: 'permissionsBoundary', values: only('permissionsBoundary'), changed: roles },
  { name: 'rolePath', values: only('rolePath'), changed: roles },
  { name: 'bucketKey', values: only('bucketKey'), changed: () => ['ObjectsBucket', ...withObjects()] },
  {
    name: 'queueKey',
    values: only('queueKey'),
    changed: () => [...every('AWS::SQS::Queue'), ...WITH_QUEUES],
  },
  { name: 'logKey', values: only('logKey'), changed: () => every('AWS::Logs::LogGroup') },
  { name: 'environmentKey', values: only('environmentKey'), changed: functions },
  {
    name: 'a VPC',
    values: only('vpcSubnets', 'vpcSecurityGroups'),
    changed: () => [...functions(), ...roles()],
  },
  { name: 'proxy', values: only('proxy', 'noProxy'), changed: functions },
  {
    name: 'pageClient',
    values: only('pageClient', 'pageScopes', 'pageOrigins'),
    without: only('jwtIssuer', 'jwtAudience'),
    added: [
      'HttpApiRouteGet',
      'HttpApiRouteHead',
      'HttpApiRouteGetConsolePathVar',
      'HttpApiRouteHeadConsolePathVar',
      'HttpApiRouteGetConsolejson',
      'HttpApiRouteGetV1Me',
    ],
    changed: () => ['ServeDashpageLambdaFunction'],
  },
  { name: 'caLayer', values: only('caLayer'), changed: functions },
  { name: 'webAcl', values: only('webAcl'), without: only('cdn'), changed: () => ['Distribution'] },
  {
    name: 'allowedIpv4',
    values: only('allowedIpv4'),
    without: only('cdn'),
    added: ['AllowList', 'AllowedIpv4Set'],
    changed: () => ['Distribution'],
  },
  {
    name: 'edgeSecret',
    values: only('edgeSecret'),
    without: only('cdn'),
    changed: () => ['Distribution', 'ReceivePushRole', 'ReviewAdmissionRole', ...RECEIVERS],
  },
  {
    name: 'truststore',
    values: only('truststore', 'truststoreVersion'),
    without: only('domain', 'certificate'),
    changed: () => ['ApiDomain'],
  },
  {
    name: 'complianceLock',
    values: only('complianceLock'),
    without: only('objectLockDays'),
    changed: () => ['ObjectsBucket'],
  },
  {
    name: 'replicaBucket',
    values: only('replicaBucket', 'replicaAccount'),
    added: ['ReplicationRole'],
    changed: () => ['ObjectsBucket'],
  },
  { name: 'busArchiveDays', values: only('busArchiveDays'), added: ['VerdictArchive'], changed: () => [] },
  { name: 'busReaders', values: only('busReaders'), added: ['VerdictBusPolicy'], changed: () => [] },
  { name: 'ecrAccounts', values: only('ecrAccounts'), added: ['EcrForwardPolicy'], changed: () => [] },
  {
    name: 'gradualDeployment',
    values: only('gradualDeployment'),
    added: versioned,
    changed: () => [...functions(), ...callers()],
  },
];

describe('an option changes what it says, and nothing else', () => {
  test.each(ROWS)('$name', ({ values, without = {}, added = [], changed }) => {
    const before = settleWith(without);
    const after = settleWith({ ...without, ...values });
    const ids = Object.keys(after.Resources);
    const expected = typeof added === 'function' ? added() : added;
    expect(ids.filter((id) => !Object.hasOwn(before.Resources, id)).toSorted()).toEqual(expected.toSorted());
    expect(Object.keys(before.Resources).filter((id) => !ids.includes(id))).toEqual([]);
    const differs = ids.filter(
      (id) => Object.hasOwn(before.Resources, id) && !isDeepStrictEqual(...resolve(id, before, after)),
    );
    expect(differs.toSorted()).toEqual(changed().toSorted());
  });
});

/** A resource before and after, with the values of the parameters that it refers to. */
function resolve(id: string, ...templates: readonly [Template, Template]): [unknown, unknown] {
  const [before, after] = templates.map(({ Resources: resources, Parameters: parameters }) =>
    JSON.stringify(resources[id]).replaceAll(/\{"Ref":"(\w+)"\}/g, (text, name: string) =>
      Object.hasOwn(parameters, name) ? JSON.stringify(parameters[name]) : text,
    ),
  );
  return [before, after];
}

// How callers come from one version of a function to the next: an alias that CodeDeploy moves, in steps, and back when an
// alarm of the function rings. What all functions share is in infra/gradual.yml.
const { when } = require('./options.cjs');

/**
 * @typedef {import('./plain.cjs').Template} Template
 * @typedef {import('./plain.cjs').Resource} Resource
 * @typedef {{ readonly id: string, readonly name: string, readonly hash: string }} Version
 * @typedef {{ Policies: { PolicyDocument: { Statement: { Sid: string, Resource: unknown }[] } }[] }} Role
 * @typedef {{ Namespace: string, MetricName: string, Dimensions: readonly { Name: string, Value: unknown }[] }} Metric
 */

const CONDITION = 'HasGradualDeployment';
const ALIAS = 'live';
/** What CodeDeploy takes of alarms for a group. */
const MAX_ALARMS = 10;
/** What Lambda takes of characters. */
const MAX_DESCRIPTION = 256;
/** What functions count themselves of what they failed on: Lambda takes such an answer for a good one. */
const FAILURES = new Set(['RequestFailed', 'MessageFailed']);

/** @param {Template} template @param {Version} version @param {boolean} isOnApi */
function addGradual({ Resources: resources }, { id, name, hash }, isOnApi) {
  const { Properties: properties = {} } = /** @type {Resource} */ (resources[id]);
  const described = `${String(properties['Description'])} Version ${hash}.`;
  if (described.length > MAX_DESCRIPTION)
    throw new Error(`${name}: its description is too long for a version's beside it`);
  properties['Description'] = when(CONDITION, described, properties['Description']);
  const alarms = Object.entries(resources).filter(([, one]) => isAlarmOf(one, { id, name }, isOnApi));
  if (alarms.length === 0 || alarms.length > MAX_ALARMS) throw new Error(`${name}: ${alarms.length} alarms tell of it`);
  const [version, group] = [toBase(id, `Version${hash}`), toBase(id, 'Group')];
  resources[version] = {
    Type: 'AWS::Lambda::Version',
    Condition: CONDITION,
    // Former versions stay, to go back to; one whose deployment fails does not, or Lambda would refuse to make it again.
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: { FunctionName: { Ref: id } },
  };
  resources[group] = {
    Type: 'AWS::CodeDeploy::DeploymentGroup',
    Condition: CONDITION,
    Properties: {
      ApplicationName: { Ref: 'GradualApplication' },
      DeploymentGroupName: name,
      DeploymentConfigName: { 'Fn::Join': ['', ['CodeDeployDefault.Lambda', { Ref: 'GradualDeployment' }]] },
      DeploymentStyle: { DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' },
      ServiceRoleArn: { 'Fn::GetAtt': ['GradualRole', 'Arn'] },
      // At once is how a fix is deployed while an alarm rings: CodeDeploy starts nothing then that looks at it.
      AlarmConfiguration: {
        Enabled: when('ShiftsGradually', true, false),
        Alarms: alarms.map(([Ref]) => ({ Name: { Ref } })),
      },
      AutoRollbackConfiguration: {
        Enabled: true,
        Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
      },
    },
  };
  resources[toAlias(id)] = {
    Type: 'AWS::Lambda::Alias',
    Condition: CONDITION,
    UpdatePolicy: {
      CodeDeployLambdaAliasUpdate: {
        ApplicationName: { Ref: 'GradualApplication' },
        DeploymentGroupName: { Ref: group },
      },
    },
    Properties: { FunctionName: { Ref: id }, Name: ALIAS, FunctionVersion: { 'Fn::GetAtt': [version, 'Version'] } },
  };
}

/**
 * Whether it tells of a function's own failures. What waits for somebody does not: it would hold up every deployment.
 *
 * @param {Resource} resource
 * @param {{ readonly id: string, readonly name: string }} of
 * @param {boolean} isOnApi
 */
function isAlarmOf({ Type: type, Properties: properties = {} }, { id, name }, isOnApi) {
  if (type !== 'AWS::CloudWatch::Alarm') return false;
  const { Metrics: metrics } = /** @type {{ Metrics?: readonly { MetricStat?: { Metric: Metric } }[] }} */ (properties);
  const looked = metrics?.flatMap(({ MetricStat: stat }) => stat?.Metric ?? []) ?? [/** @type {Metric} */ (properties)];
  return looked.some(({ Namespace: space, MetricName: metric, Dimensions: [{ Value: of } = { Value: '' }] }) => {
    if (space === 'AWS/ApiGateway') return isOnApi;
    if (space === 'Signet') return of === name && FAILURES.has(metric);
    return space === 'AWS/Lambda' && metric === 'Errors' && JSON.stringify(of) === JSON.stringify({ Ref: id });
  });
}

/** Lets CodeDeploy move the aliases of the stack's functions, and no others. @param {Template} template @param {readonly string[]} ids */
function allowShift({ Resources: resources }, ids) {
  const role = /** @type {Role | undefined} */ (resources['GradualRole']?.Properties);
  const statements = (role?.Policies ?? []).flatMap(({ PolicyDocument: { Statement: some } }) => some);
  const shift = statements.find(({ Sid: sid }) => sid === 'Shift');
  if (shift === undefined) throw new Error('GradualRole: it has no statement Shift');
  shift.Resource = ids.flatMap((id) => [{ 'Fn::GetAtt': [id, 'Arn'] }, { 'Fn::Sub': `\${${id}.Arn}:*` }]);
}

/** @param {string} id of a function @param {string} end */
function toBase(id, end) {
  return id.replace(/LambdaFunction$/, end);
}

/** @param {string} id of a function */
function toAlias(id) {
  return toBase(id, 'Alias');
}

module.exports = { CONDITION, addGradual, allowShift, toAlias };

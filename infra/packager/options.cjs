// What a stage can ask for of every resource of a type: a boundary and a path for roles, keys of its own, a network, a proxy
// and authorities. Each is a condition of the template (infra/conditions.yml); without it the resource is as it was.
const { FORMS } = require('../parameter-forms.cjs');

/**
 * @typedef {import('./plain.cjs').Template} Template
 * @typedef {import('./plain.cjs').Resource} Resource
 * @typedef {{ Sid?: string, Effect?: string, Action?: string | readonly string[], 'Fn::If'?: readonly unknown[] }} Statement
 */

const NO_VALUE = { Ref: 'AWS::NoValue' };
/** @param {string} condition @param {unknown} value @param {unknown} [otherwise] */
const when = (condition, value, otherwise = NO_VALUE) => ({ 'Fn::If': [condition, value, otherwise] });
/** @param {string} name a parameter with a list */
const split = (name) => ({ 'Fn::Split': [',', { Ref: name }] });

/** Properties by type. @type {Readonly<Record<string, Readonly<Record<string, unknown>>>>} */
const OF_TYPE = {
  'AWS::IAM::Role': {
    Path: when('HasRolePath', { Ref: 'RolePath' }),
    PermissionsBoundary: when('HasPermissionsBoundary', { Ref: 'PermissionsBoundary' }),
  },
  'AWS::Logs::LogGroup': { KmsKeyId: when('HasLogKey', { Ref: 'LogKey' }) },
  'AWS::SQS::Queue': {
    SqsManagedSseEnabled: when('HasQueueKey', false, true),
    KmsMasterKeyId: when('HasQueueKey', { Ref: 'QueueKey' }),
  },
  'AWS::Lambda::Function': {
    KmsKeyArn: when('HasEnvironmentKey', { Ref: 'EnvironmentKey' }),
    Layers: when('HasCaLayer', [{ Ref: 'CaLayer' }]),
    VpcConfig: when('HasVpc', { SubnetIds: split('VpcSubnets'), SecurityGroupIds: split('VpcSecurityGroups') }),
  },
};

/** Variables of every function. Node reads the authorities when it starts, for registries and for AWS alike. */
const VARIABLES = {
  HTTPS_PROXY: when('HasProxy', { Ref: 'Proxy' }),
  HTTP_PROXY: when('HasProxy', { Ref: 'Proxy' }),
  NO_PROXY: when('HasProxy', { Ref: 'NoProxy' }),
  NODE_EXTRA_CA_CERTS: when('HasCaLayer', '/opt/ca.pem'),
};

/** @param {Template} template */
function applyOptions({ Resources: resources, Parameters: parameters }) {
  for (const resource of Object.values(resources)) {
    resource.Properties = { ...resource.Properties, ...OF_TYPE[resource.Type] };
    if (resource.Type === 'AWS::Lambda::Function') addVariables(resource.Properties);
  }
  const assumed = Object.values(resources).filter(isRoleOfFunction);
  for (const { Properties: properties } of assumed) addStatements(/** @type {Role} */ (properties));
  for (const [name, form] of Object.entries(FORMS)) {
    const parameter = parameters[name.slice(0, 1).toUpperCase() + name.slice(1)];
    if (parameter !== undefined && form instanceof RegExp) parameter['AllowedPattern'] ??= form.source;
  }
}

/** @param {Record<string, unknown>} properties of a function */
function addVariables(properties) {
  const { Variables: own } = /** @type {{ Variables: Record<string, unknown> }} */ (properties['Environment']);
  properties['Environment'] = { Variables: { ...own, ...VARIABLES } };
}

/** @typedef {{ Policies: { PolicyDocument: { Statement: Statement[] } }[] }} Role */

/** @param {Resource} resource */
function isRoleOfFunction({ Type: type, Properties: properties }) {
  return type === 'AWS::IAM::Role' && JSON.stringify(properties).includes('lambda.amazonaws.com');
}

/** What keys and a network need of a role besides: derived from what it may do with objects and messages. @param {Role} role */
function addStatements(role) {
  const [{ PolicyDocument: document } = { PolicyDocument: { Statement: [] } }] = role.Policies;
  const actions = new Set(document.Statement.flatMap(listActions));
  const ofBucket = listKeyActions(actions, { write: 's3:PutObject', read: 's3:GetObject' });
  const ofQueues = listKeyActions(actions, { write: 'sqs:SendMessage', read: 'sqs:ReceiveMessage' });
  const unnamed = { Effect: 'Allow', Resource: '*' };
  const added = [
    ofBucket.length > 0 && when('HasBucketKey', allow('UseBucketKey', ofBucket, { Ref: 'BucketKey' })),
    ofQueues.length > 0 && when('HasQueueKey', allow('UseQueueKey', ofQueues, { Ref: 'QueueKey' })),
    // Lambda makes and takes away the function's interfaces with its role, and AWS knows no resources for them.
    when('HasVpc', { Sid: 'Connect', Action: INTERFACES, ...unnamed }),
  ];
  document.Statement.push(.../** @type {Statement[]} */ (added.filter((statement) => statement !== false)));
}

const INTERFACES = ['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DeleteNetworkInterface'];

/**
 * A statement's actions, whatever it depends on: of several for one option, each has the option's other permissions too.
 *
 * @param {Statement} statement
 * @returns {string[]}
 */
function listActions({ Action: action = [], 'Fn::If': choice }) {
  if (choice !== undefined) return listActions(/** @type {Statement} */ (choice[1]));
  return [action].flat();
}

/**
 * Who writes asks for a data key, who reads has it decrypted. A queue decrypts for who sends as well.
 *
 * @param {ReadonlySet<string>} actions
 * @param {{ readonly write: string, readonly read: string }} of
 */
function listKeyActions(actions, { write, read }) {
  const decrypts = actions.has(read) || (actions.has(write) && write.startsWith('sqs:'));
  return [...(actions.has(write) ? ['kms:GenerateDataKey'] : []), ...(decrypts ? ['kms:Decrypt'] : [])];
}

/** @param {string} Sid @param {readonly string[]} Action @param {unknown} Resource */
function allow(Sid, Action, Resource) {
  return { Sid, Effect: 'Allow', Action, Resource };
}

module.exports = { applyOptions, when };

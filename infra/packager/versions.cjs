// Versions of functions, where the stage asks for gradual deployment: whatever calls a function calls its alias, which is
// moved from one version to the next (gradual.cjs).
const { createHash } = require('node:crypto');
const { CONDITION, addGradual, allowShift, toAlias } = require('./gradual.cjs');
const { when } = require('./options.cjs');

/**
 * @typedef {import('./plain.cjs').Template} Template
 * @typedef {import('./plain.cjs').Resource} Resource
 */

const HASH_DIGITS = 16;
/** What stands of an alias's ARN before its name. */
const ARN_PARTS = 7;
/** Of a function's properties those that a version has not, and the description, which names the version. */
const UNVERSIONED = new Set(['Code', 'Description', 'ReservedConcurrentExecutions', 'Tags']);

/**
 * A version's logical ID is a hash of code and settings, and so is a part of the function's description: a version is
 * made when either changes, and never one that Lambda takes for the former.
 *
 * @param {Template} template
 * @param {(name: string) => Promise<Uint8Array>} readZip by the name of the function
 * @returns {Promise<readonly string[]>} parameters whose values versions hold: another value needs another hash
 */
async function applyVersions(template, readZip) {
  const { Resources: resources } = template;
  const functions = Object.entries(resources).filter(([, { Type: type }]) => type === 'AWS::Lambda::Function');
  /** @type {Set<string>} */
  const parameters = new Set();
  /** @type {import('./gradual.cjs').Version[]} */
  const versions = [];
  for (const [id, { Properties: properties = {} }] of functions) {
    const { S3Key: key } = /** @type {{ S3Key: string }} */ (properties['Code']);
    const name = key.slice(key.lastIndexOf('/') + 1, -'.zip'.length);
    const settings = readSettings(template, properties);
    const values = listParameters(template, settings).map((one) => [one, template.Parameters[one]?.Default]);
    for (const [parameter] of values) parameters.add(String(parameter));
    const hash = createHash('sha256')
      .update(await readZip(name))
      .update(JSON.stringify([settings, values]));
    versions.push({ id, name, hash: hash.digest('hex').slice(0, HASH_DIGITS) });
  }
  const called = callAliases(template, new Set(versions.map(({ id }) => id)));
  for (const version of versions) addGradual(template, version, called.has(version.id));
  allowShift(
    template,
    versions.map(({ id }) => id),
  );
  return [...parameters].toSorted(compare);
}

/** @param {Template} template @param {Record<string, unknown>} properties of a function */
function readSettings({ Resources: resources }, properties) {
  const settings = Object.entries(properties).filter(([name]) => !UNVERSIONED.has(name));
  const [role = ''] = /** @type {{ 'Fn::GetAtt': string[] }} */ (properties['Role'])['Fn::GetAtt'];
  // A role of another path is another role: a version that is still of the former one could do nothing.
  return { ...Object.fromEntries(settings), rolePath: resources[role]?.Properties?.['Path'] };
}

/**
 * The parameters that a value depends on, by conditions too.
 *
 * @param {Template} template
 * @param {unknown} value
 * @returns {string[]}
 */
function listParameters(template, value) {
  const { Parameters: parameters, Conditions: conditions } = template;
  const named = [...JSON.stringify(value).matchAll(NAMES)].map(
    ([, ref, condition, sub]) => ref ?? condition ?? sub ?? '',
  );
  const found = named.flatMap((name) => [
    ...(Object.hasOwn(parameters, name) ? [name] : []),
    ...(Object.hasOwn(conditions, name) ? listParameters(template, conditions[name]) : []),
  ]);
  return [...new Set(found)].toSorted(compare);
}

const NAMES = /"(?:Ref|Condition)":"(\w+)"|"Fn::If":\["(\w+)"|\$\{(\w+)\}/g;

/**
 * Whatever names a function by its ARN calls it, and calls its alias then.
 *
 * @param {Template} template
 * @param {ReadonlySet<string>} ids of functions
 * @returns {ReadonlySet<string>} those that the API calls
 */
function callAliases({ Resources: resources }, ids) {
  const called = new Set();
  for (const resource of Object.values(resources)) {
    const { Type: type, Properties: properties } = resource;
    if (type === 'AWS::Lambda::Function' || properties === undefined) continue;
    /** @type {Set<string>} */
    const named = new Set();
    resource.Properties = /** @type {Record<string, unknown>} */ (toCalling(properties, ids, named));
    if (type === 'AWS::Lambda::EventInvokeConfig') {
      const { Ref: id } = /** @type {{ Ref: string }} */ (properties['FunctionName']);
      const name = { 'Fn::Select': [ARN_PARTS, { 'Fn::Split': [':', { Ref: toAlias(id) }] }] };
      resource.Properties['Qualifier'] = when(CONDITION, name, properties['Qualifier']);
    }
    if (type !== 'AWS::ApiGatewayV2::Integration') continue;
    for (const id of named) called.add(id);
    // The API may call the alias before it does.
    resource['DependsOn'] = [...named].map((id) => id.replace(/Function$/, 'PermissionHttpApi'));
  }
  return called;
}

/**
 * @param {unknown} value
 * @param {ReadonlySet<string>} ids of functions
 * @param {Set<string>} named gets those that are found
 * @returns {unknown} with the alias in the place of each function's ARN
 */
function toCalling(value, ids, named) {
  if (Array.isArray(value)) return value.map((one) => toCalling(one, ids, named));
  if (typeof value !== 'object' || value === null) return value;
  const [id, attribute] = /** @type {{ 'Fn::GetAtt'?: string[] }} */ (value)['Fn::GetAtt'] ?? [];
  if (id !== undefined && attribute === 'Arn' && ids.has(id)) {
    named.add(id);
    return when(CONDITION, { Ref: toAlias(id) }, value);
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toCalling(inner, ids, named)]));
}

/** @param {string} one @param {string} other */
function compare(one, other) {
  return one < other ? -1 : 1;
}

module.exports = { applyVersions };

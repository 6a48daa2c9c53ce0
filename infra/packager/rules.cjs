// CloudFormation checks a stack's parameters by rules before it makes anything, whoever deploys the template: the same
// pairs that infra/parameters.cjs checks when the service is packaged.
const { EXCLUDES, NEEDS } = require('../parameter-rules.cjs');

/** @typedef {import('./plain.cjs').Template} Template */

/**
 * @param {Template} template
 * @param {readonly string[]} versioned the template's parameters whose values versions of functions hold
 * @param {boolean} hasPage whether the page was built when the service was packaged
 * @returns {Record<string, unknown>}
 */
function createRules({ Parameters: parameters }, versioned, hasPage) {
  const isParameter = (/** @type {string} */ name) => Object.hasOwn(parameters, toTemplateName(name));
  const rules = {};
  for (const [name = '', other = ''] of NEEDS) {
    if (!isParameter(name) || !isParameter(other)) continue;
    const text = `${toTemplateName(name)} needs ${toTemplateName(other)}, which is not given`;
    Object.assign(rules, toRule(`${toTemplateName(name)}Needs${toTemplateName(other)}`, [name], isGiven(other), text));
  }
  for (const [name = '', other = ''] of EXCLUDES) {
    if (!isParameter(name) || !isParameter(other)) continue;
    const text = `${toTemplateName(name)} and ${toTemplateName(other)} cannot both be given`;
    Object.assign(rules, toRule(`${toTemplateName(name)}Not${toTemplateName(other)}`, [name], isAbsent(other), text));
  }
  for (const name of versioned) {
    // A version is made by what is packaged: another value alone would reach no version, and so nobody.
    const isAsPackaged = { 'Fn::Equals': [{ Ref: name }, String(parameters[name]?.Default)] };
    const text = `with GradualDeployment ${name} is changed by packaging again`;
    Object.assign(rules, toRule(`GradualDeploymentFixes${name}`, ['gradualDeployment'], isAsPackaged, text));
  }
  if (!hasPage) {
    const text = 'PageClient needs a page, which was not built before this was packaged';
    Object.assign(rules, toRule('PageClientNeedsPage', ['pageClient'], isAbsent('pageClient'), text));
  }
  return rules;

  /** @param {string} name */
  function isAbsent(name) {
    const absent = { number: 0, switch: 'false', text: '' }[toKind(parameters[toTemplateName(name)])];
    return { 'Fn::Equals': [{ Ref: toTemplateName(name) }, absent] };
  }

  /** @param {string} name */
  function isGiven(name) {
    return { 'Fn::Not': [isAbsent(name)] };
  }

  /** @param {string} id @param {readonly string[]} given @param {unknown} assert @param {string} text */
  function toRule(id, given, assert, text) {
    const [name = ''] = given;
    return { [id]: { RuleCondition: isGiven(name), Assertions: [{ Assert: assert, AssertDescription: text }] } };
  }
}

/** @param {import('./plain.cjs').Parameter | undefined} parameter @returns {'number' | 'switch' | 'text'} */
function toKind(parameter) {
  if (parameter?.Type === 'Number') return 'number';
  return parameter?.Default === 'true' || parameter?.Default === 'false' ? 'switch' : 'text';
}

/** As the template spells a parameter of a stage. @param {string} name */
function toTemplateName(name) {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

module.exports = { createRules };

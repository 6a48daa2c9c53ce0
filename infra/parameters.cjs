// The parameters of a stage: infra/parameters.yml, then stages/<stage>.yml, then --param. The packager calls it before it
// makes anything, in an account or on disk, and ends with all that is wrong, each by the parameter's name.
const { existsSync, readFileSync, statSync } = require('node:fs');
const path = require('node:path');
const { NUMBERS } = require('./parameter-forms.cjs');
const { listFaults } = require('./parameter-rules.cjs');

/** @typedef {import('./parameter-rules.cjs').Parameters} Parameters */

/**
 * @param {unknown} document of YAML
 * @param {string} place
 * @returns {Parameters}
 */
function toParameters(document, place) {
  if (document === null || document === undefined) return {};
  if (typeof document !== 'object' || Array.isArray(document)) throw toError(`${place}: expected parameters by name`);
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => {
      if (typeof value === 'object') throw toError(`${place}: ${name}: expected text, a number, true or false`);
      return [name, String(value)];
    }),
  );
}

/** Of a file without a parameter the packager says that it is `undefined`, and no more. @param {string} file */
function isBlank(file) {
  if (!statSync(file).isFile()) return false;
  return readFileSync(file, 'utf8')
    .split('\n')
    .every((line) => line.trim() === '' || line.trimStart().startsWith('#'));
}

/** @param {readonly string[]} given `name=value` @returns {Parameters} */
function readGiven(given) {
  return Object.fromEntries(
    given.map((text) => {
      const end = text.indexOf('=');
      return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 1).trimEnd()];
    }),
  );
}

/**
 * What serverless.yml has as `params`. @throws Error that names every parameter at fault
 *
 * @param {{
 *   options: { stage?: string | null, region?: string | null, param?: readonly string[] | null },
 *   resolveVariable: (name: string) => Promise<unknown>,
 * }} packager
 */
async function resolve({ options, resolveVariable }) {
  const stage = options.stage ?? 'dev';
  const region = options.region ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
  const documented = /** @type {Record<string, unknown>} */ (await resolveVariable('file(infra/parameters.yml)'));
  const defaults = toParameters(documented['default'], 'infra/parameters.yml');
  const place = `stages/${stage}.yml`;
  const isThere = existsSync(path.resolve(place));
  const own =
    isThere && !isBlank(path.resolve(place)) ? toParameters(await resolveVariable(`file(${place})`), place) : {};
  const given = readGiven(options.param ?? []);
  const values = { ...defaults, ...toParameters(documented[stage], 'infra/parameters.yml'), ...own };
  const deployed = { ...values, ...given };
  const unknown = [...Object.keys(own), ...Object.keys(given)].filter((name) => !Object.hasOwn(defaults, name));
  const faults = [
    ...unknown.map((name) => `${name}: there is no such parameter`),
    ...listFaults({ stage, region, values: deployed }),
  ];
  if (faults.length > 0)
    throw toError(`the parameters of stage ${stage} cannot be deployed:\n  ${faults.join('\n  ')}`);
  if (!isThere) process.stderr.write(`note: there is no ${place}: what --param does not give has its default\n`);
  if (deployed['cdn'] === 'true' && deployed['cdnDomain'] === '') {
    process.stderr.write('warning: cdn: without cdnDomain CloudFront takes TLS 1.0 as well, by its own certificate\n');
  }
  return { default: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTyped(name, value)])) };
}

/** A number where CloudFormation wants one. @param {string} name @param {string} value */
function toTyped(name, value) {
  return NUMBERS.has(name) ? Number(value) : value;
}

/** The packager shows the stack: of a fault of the operator, it is the text. @param {string} text */
function toError(text) {
  return Object.assign(new Error(text), { stack: text });
}

module.exports = { resolve, listFaults };

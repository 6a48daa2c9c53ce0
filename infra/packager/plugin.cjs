// What the packager does besides: deploys by the bucket and the role of the stage's parameters, gives every resource what
// the stage asks for, and writes the plain template beside its own.
const { readFile, rm } = require('node:fs/promises');
const path = require('node:path');
const { applyOptions } = require('./options.cjs');
const { writePlain } = require('./plain.cjs');
const { createRules } = require('./rules.cjs');
const { applyTags, parseTags } = require('./tags.cjs');
const { applyVersions } = require('./versions.cjs');

/**
 * @typedef {{
 *   readonly stage: string,
 *   readonly tags: string,
 *   readonly deploymentBucket: string,
 *   readonly deploymentRole: string,
 * }} Settings `custom` of serverless.yml
 * @typedef {{
 *   custom: Settings,
 *   package: { readonly path?: string },
 *   provider: {
 *     compiledCloudFormationTemplate: import('./plain.cjs').Template,
 *     deploymentBucket?: string,
 *     iam?: Record<string, unknown>,
 *     stackTags?: Record<string, string>,
 *   },
 * }} Service
 */

const NO_PAGE = 'pageClient: the page is not built: run npm run console, and package again';

/**
 * The packager calls it with `new`, and takes what it returns.
 *
 * @param {{
 *   readonly service: Service,
 *   readonly serviceDir: string,
 *   readonly processedInput: { readonly commands: readonly string[] },
 * }} packager
 * @param {{ readonly package?: string }} options
 */
function createPlugin({ service, serviceDir, processedInput }, options) {
  const { provider } = service;
  const hooks = {
    // Before it parameters are not put in yet.
    initialize() {
      const { deploymentBucket, deploymentRole, tags } = service.custom;
      if (deploymentBucket !== '') provider.deploymentBucket = deploymentBucket;
      if (deploymentRole !== '') provider.iam = { ...provider.iam, deploymentRole };
      if (tags !== '') provider.stackTags = parseTags(tags);
    },
    async 'after:aws:package:finalize:mergeCustomProviderResources'() {
      const { compiledCloudFormationTemplate: template } = provider;
      applyOptions(template);
      const readZip = (/** @type {string} */ name) => readFile(path.join(serviceDir, '.serverless', `${name}.zip`));
      const fixed = await applyVersions(template, readZip);
      applyTags(template, parseTags(service.custom.tags));
      // The name of a file stands in a zip as it is.
      const hasPage = (await readZip('serve-page')).includes('dist/serve-page/page/index.html');
      if (!hasPage && template.Parameters['PageClient']?.Default !== '')
        throw Object.assign(new Error(NO_PAGE), { stack: NO_PAGE });
      template.Rules = createRules(template, fixed, hasPage);
    },
    async 'after:package:finalize'() {
      if (processedInput.commands[0] !== 'package') return;
      const packaged = options.package ?? service.package.path ?? path.join(serviceDir, '.serverless');
      const text = await readFile(path.join(serviceDir, 'package.json'), 'utf8');
      const { version } = /** @type {{ version: string }} */ (JSON.parse(text));
      const infra = path.join(serviceDir, 'infra');
      await writePlain({ packaged, infra, stage: service.custom.stage, version });
    },
    // The packager compares every zip below with what it uploaded last: with these copies nothing is ever unchanged.
    async 'before:aws:deploy:deploy:checkForChanges'() {
      await rm(path.join(serviceDir, '.serverless/plain'), { recursive: true, force: true });
    },
  };
  return { hooks };
}

module.exports = createPlugin;

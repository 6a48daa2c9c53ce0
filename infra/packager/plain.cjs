// The plain template: what `aws cloudformation deploy`, Terraform and StackSets take. It is the packager's own, with the
// zips in a bucket that two parameters name, and without the packager's bucket. Nothing in it depends on when it was made.
const { createHash } = require('node:crypto');
const { copyFile, mkdir, readFile, rm, writeFile } = require('node:fs/promises');
const path = require('node:path');

/**
 * @typedef {{ Type: string, Properties?: Record<string, unknown>, Condition?: string, [other: string]: unknown }} Resource
 * @typedef {{ Type: string, Default?: string | number, [other: string]: unknown }} Parameter
 * @typedef {{
 *   Resources: Record<string, Resource>,
 *   Parameters: Record<string, Parameter>,
 *   Conditions: Record<string, unknown>,
 *   Outputs: Record<string, unknown>,
 *   Rules?: Record<string, unknown>,
 *   [other: string]: unknown,
 * }} Template
 */

const TEMPLATE = 'cloudformation-template-update-stack.json';
/** Templates that are deployed by themselves, as they are. */
const BESIDE = ['forward-ecr.yml'];
/** Policies of who deploys, which name the stage. */
const POLICIES = { 'deployer-policy.json': 'policy.json', 'deployer-options.json': 'options.json' };
/** What the packager adds for a bucket of its own. */
const OF_PACKAGER = ['ServerlessDeploymentBucket', 'ServerlessDeploymentBucketPolicy'];

/**
 * Writes `plain/` into a packaged directory: `template.json`, `manifest.json`, and the zips in `code/`, each named by its
 * content, so that new code is a change that CloudFormation sees and old code stays for a roll-back.
 *
 * @param {{ readonly packaged: string, readonly infra: string, readonly stage: string, readonly version: string }} service
 */
async function writePlain({ packaged, infra, stage, version }) {
  const directory = path.join(packaged, 'plain');
  await rm(directory, { recursive: true, force: true });
  await mkdir(path.join(directory, 'code'), { recursive: true });
  for (const name of BESIDE) await copyFile(path.join(infra, name), path.join(directory, name));
  for (const [file, name] of Object.entries(POLICIES)) {
    const policy = await readFile(path.join(infra, 'deployer', name), 'utf8');
    await writeFile(path.join(directory, file), policy.replaceAll('STAGE', stage));
  }
  const text = await readFile(path.join(packaged, TEMPLATE), 'utf8');
  const template = /** @type {Template} */ (JSON.parse(text));
  const zips = [];
  for (const resource of Object.values(template.Resources)) {
    if (resource.Type !== 'AWS::Lambda::Function' || resource.Properties === undefined) continue;
    const { S3Key: key } = /** @type {{ S3Key: string }} */ (resource.Properties['Code']);
    const name = path.posix.basename(key, '.zip');
    const bytes = await readFile(path.join(packaged, `${name}.zip`));
    const sha256 = toSha256(bytes);
    const file = `${name}-${sha256}.zip`;
    await copyFile(path.join(packaged, `${name}.zip`), path.join(directory, 'code', file));
    zips.push({ function: name, file: `code/${file}`, bytes: bytes.length, sha256 });
    const Code = { S3Bucket: { Ref: 'CodeBucket' }, S3Key: { 'Fn::Sub': `\${CodePrefix}${file}` } };
    resource.Properties = { ...resource.Properties, Code };
  }
  const plain = `${JSON.stringify(toPlain(template, stage))}\n`;
  await writeFile(path.join(directory, 'template.json'), plain);
  const described = { file: 'template.json', bytes: Buffer.byteLength(plain), sha256: toSha256(plain) };
  const manifest = { schema: 1, service: 'signet', version, stage, template: described, zips };
  await writeFile(path.join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @param {Template} template @param {string} stage @returns {Template} */
function toPlain(template, stage) {
  const without = /** @param {Record<string, unknown>} named @param {readonly string[]} names */ (named, names) =>
    Object.fromEntries(Object.entries(named).filter(([name]) => !names.includes(name)));
  return {
    ...template,
    Description: `Signet, stage ${stage}: decides whether an OpenShift release image may be trusted`,
    Parameters: { ...CODE, ...template.Parameters },
    Resources: /** @type {Template['Resources']} */ (without(template.Resources, OF_PACKAGER)),
    Outputs: without(template.Outputs, ['ServerlessDeploymentBucketName']),
  };
}

/** @type {Template['Parameters']} */
const CODE = {
  CodeBucket: {
    Type: 'String',
    Description: 'Bucket in the region of the stack that holds the zips of code/.',
    AllowedPattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
  },
  CodePrefix: {
    Type: 'String',
    Description: 'What stands before the names of the zips in the bucket, up to its last slash.',
    Default: 'signet/',
    AllowedPattern: '^([A-Za-z0-9._-]+/)*$',
  },
};

/** @param {string | Uint8Array} content */
function toSha256(content) {
  return createHash('sha256').update(content).digest('hex');
}

module.exports = { writePlain };

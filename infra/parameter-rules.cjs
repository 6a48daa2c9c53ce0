// What the parameters of a stage have to be like: each by itself, and one beside another. infra/parameters.cjs refuses what
// is not so when the service is packaged, and infra/packager/rules.cjs makes the template refuse the same pairs.

const { FORMS } = require('./parameter-forms.cjs');

/**
 * @typedef {Record<string, string>} Parameters
 * @typedef {{ readonly stage: string, readonly region: string, readonly values: Parameters }} Deployment
 */

/** S3 takes so many characters for `signet-<stage>-<account>-<region>`, the longest name of a stack. */
const MAX_BUCKET_NAME = 63;
const ACCOUNT_DIGITS = 12;
/** Executions of an account that Lambda lets nobody reserve. */
const UNRESERVED = 100;

/** Parameters that mean nothing without another one. */
const NEEDS = [
  ['jwtIssuer', 'jwtAudience'],
  ['jwtAudience', 'jwtIssuer'],
  ['pageClient', 'jwtIssuer'],
  ['pageOrigins', 'pageClient'],
  ['domain', 'certificate'],
  ['certificate', 'domain'],
  ['cdnDomain', 'cdnCertificate'],
  ['cdnCertificate', 'cdnDomain'],
  ['cdnDomain', 'cdn'],
  ['graphChannels', 'graphs'],
  ['graphArchitectures', 'graphs'],
  ['vpcSubnets', 'vpcSecurityGroups'],
  ['vpcSecurityGroups', 'vpcSubnets'],
  ['noProxy', 'proxy'],
  ['webAcl', 'cdn'],
  ['allowedIpv4', 'cdn'],
  ['allowedIpv6', 'cdn'],
  ['edgeSecret', 'cdn'],
  ['truststore', 'domain'],
  ['truststoreVersion', 'truststore'],
  // A lock cannot be taken back: whoever asks for one says that they know.
  ['objectLockDays', 'objectLockConfirmed'],
  ['objectLockConfirmed', 'objectLockDays'],
  ['complianceLock', 'objectLockDays'],
  ['replicaAccount', 'replicaBucket'],
  ['replicaKey', 'replicaBucket'],
  ['replicaKey', 'bucketKey'],
];

/** Parameters of which only one can be given, and why. */
const EXCLUDES = [
  ['allowedIpv4', 'webAcl', 'a distribution has one web ACL'],
  ['allowedIpv6', 'webAcl', 'a distribution has one web ACL'],
  ['edgeSecret', 'truststore', 'CloudFront shows the API no certificate of a client'],
  ['busArchiveDays', 'eventBus', 'the archive is of the bus that the stack makes'],
  ['busReaders', 'eventBus', 'the policy is of the bus that the stack makes'],
];

/** What has to be in the region of the stack, by ARN. */
const IN_REGION = ['certificate', 'bucketKey', 'queueKey', 'logKey', 'environmentKey', 'caLayer'];

/**
 * All that is wrong with a deployment's parameters.
 *
 * @param {Deployment} deployment
 * @returns {string[]}
 */
function listFaults({ stage, region, values }) {
  /** @param {string} name */
  const isGiven = (name) => !['', 'false', '0'].includes(values[name] ?? '');
  /** @param {string} name */
  const toNumber = (name) => Number(values[name]);
  const faults = [...listStageFaults(stage, region)];
  for (const [name, form] of Object.entries(FORMS)) {
    const value = values[name] ?? '';
    const shown = `${name}: ${JSON.stringify(value)}`;
    if (form instanceof RegExp) {
      if (!form.test(value)) faults.push(`${shown} is not of the form ${form.source}`);
    } else if (!/^\d{1,6}$/.test(value) || toNumber(name) < form.least || toNumber(name) > form.most) {
      faults.push(`${shown} is not an integer from ${form.least} to ${form.most}`);
    }
  }
  for (const [name = '', other = ''] of NEEDS) {
    if (isGiven(name) && !isGiven(other)) faults.push(`${name}: it needs ${other}, which is not given`);
  }
  for (const queue of ['mirror', 'push', 'export']) {
    const [own, redrive] = [`${queue}Receives`, `${queue}RedriveReceives`];
    if (toNumber(redrive) <= toNumber(own)) faults.push(`${redrive}: it has to be above ${own}, ${values[own]}`);
  }
  for (const [name = '', other = '', why = ''] of EXCLUDES) {
    if (isGiven(name) && isGiven(other)) faults.push(`${name}: it cannot be given with ${other}: ${why}`);
  }
  if (isGiven('replicaBucket') && isGiven('bucketKey') && !isGiven('replicaKey')) {
    faults.push('replicaBucket: it needs replicaKey, as objects under bucketKey are replicated under a key alone');
  }
  for (const name of IN_REGION) {
    const own = (values[name] ?? '').split(':')[3] ?? region;
    if (own !== region) faults.push(`${name}: it is in ${own}, and the stack is in ${region}`);
  }
  if (isGiven('cdn') && region.startsWith('us-gov-')) faults.push(`cdn: there is no CloudFront in ${region}`);
  for (const name of ['allowedIpv4', 'allowedIpv6']) {
    if (!isGiven(name) || region === 'us-east-1') continue;
    faults.push(`${name}: lists for CloudFront are made in us-east-1, and the stack is in ${region}; give webAcl`);
  }
  return [...faults, ...listConcurrencyFaults(values)];
}

/** @param {string} stage @param {string} region @returns {string[]} */
function listStageFaults(stage, region) {
  const most = MAX_BUCKET_NAME - `signet---${region}`.length - ACCOUNT_DIGITS;
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(stage) && stage.length <= most) return [];
  const rule = `lower-case letters, digits and dashes, at most ${most} in ${region}`;
  return [`stage: ${JSON.stringify(stage)} cannot stand in the bucket's name: use ${rule}`];
}

/** Ten executions are what a new account has. @param {Parameters} values @returns {string[]} */
function listConcurrencyFaults(values) {
  /** @param {string[]} names */
  const sum = (...names) => names.reduce((total, name) => total + Number(values[name]), 0);
  const account = Number(values['accountConcurrency']);
  const reserved = sum('verifyReserved', 'admissionReserved');
  const consumers = sum('mirrorConcurrency', 'pushConcurrency', 'exportConcurrency');
  const faults = [];
  if (reserved > 0 && reserved + UNRESERVED > account) {
    const rule = `Lambda keeps ${UNRESERVED} of the account's executions unreserved`;
    faults.push(
      `verifyReserved, admissionReserved: ${reserved} of ${account}: ${rule}; accountConcurrency says how many`,
    );
  }
  if (consumers + reserved >= account) {
    const names = 'mirrorConcurrency, pushConcurrency, exportConcurrency';
    const rule = `none would be left for the API; accountConcurrency says how many the account has`;
    faults.push(
      `${names}: with what is reserved they may take ${consumers + reserved} of ${account} executions: ${rule}`,
    );
  }
  return faults;
}

module.exports = { EXCLUDES, NEEDS, listFaults };

// What each parameter of a stage has to be like by itself; the template's own parameters get the same patterns.

/** @param {string} service @param {string} [region] @param {string} [rest] */
const arn = (service, region = '[a-z0-9-]*', rest = '.+') =>
  new RegExp(`^(arn:aws[a-z-]*:${service}:${region}:${rest})?$`);
/** @param {string} one */
const list = (one) => new RegExp(`^(${one}(,${one})*)?$`);
const KEY = arn('kms', '[a-z0-9-]+', '[0-9]{12}:key/[A-Za-z0-9-]+');
const ACCOUNTS = list('[0-9]{12}');
/** @param {number} least @param {number} most */
const integer = (least, most) => ({ least, most });

/** What a value has to be like; an empty one is left out where the pattern lets it. */
const FORMS = {
  profiles: /^[A-Za-z0-9._-]+(,\s*[A-Za-z0-9._-]+)*$/,
  logLevel: /^(DEBUG|INFO|WARN|ERROR)$/,
  logRetentionDays: /^(1|3|5|7|14|30|60|90|120|150|180|365|400|545|731|1096|1827|2192|2557|2922|3288|3653)$/,
  mirrorConcurrency: integer(2, 1000),
  pushConcurrency: integer(2, 1000),
  exportConcurrency: integer(2, 1000),
  verifyReserved: integer(0, 100_000),
  admissionReserved: integer(0, 100_000),
  accountConcurrency: integer(1, 100_000),
  mirrorReceives: integer(1, 1000),
  mirrorRedriveReceives: integer(1, 1000),
  pushReceives: integer(1, 1000),
  pushRedriveReceives: integer(1, 1000),
  exportReceives: integer(1, 1000),
  exportRedriveReceives: integer(1, 1000),
  bundleDays: integer(1, 36_500),
  objectLockDays: integer(0, 36_500),
  apiRateLimit: integer(1, 100_000),
  apiBurstLimit: integer(1, 100_000),
  graphs: /^([A-Za-z0-9._-]+=https?:\/\/[^@,\s]+(,\s*[A-Za-z0-9._-]+=https?:\/\/[^@,\s]+)*)?$/,
  planSchedule: /^(rate|cron)\(.+\)$/,
  jwtIssuer: /^(https:\/\/.+)?$/,
  // They stand in JSON and in a policy: no quote, no backslash and no semicolon.
  pageClient: /^[A-Za-z0-9._~:/@+-]{0,256}$/,
  pageScopes: /^[A-Za-z0-9._~:/@+-]+( [A-Za-z0-9._~:/@+-]+)*$/,
  pageOrigins: list('https://[a-z0-9-]+(\\.[a-z0-9-]+)*(:[0-9]{1,5})?'),
  domain: /^([a-z0-9-]+(\.[a-z0-9-]+)+)?$/,
  certificate: arn('acm'),
  cdn: /^(true|false)$/,
  cdnDomain: /^([a-z0-9-]+(\.[a-z0-9-]+)+)?$/,
  cdnCertificate: arn('acm', 'us-east-1'),
  webhooksSecret: arn('secretsmanager'),
  admissionSecret: arn('secretsmanager'),
  pullSecret: arn('secretsmanager'),
  signingKey: KEY,
  eventBus: arn('events'),
  verdictTopic: arn('sns'),
  alarmTopic: arn('sns'),
  permissionsBoundary: arn('iam', '', '([0-9]{12}|aws):policy/.+'),
  rolePath: /^(\/([A-Za-z0-9+=,.@_-]+\/)+)?$/,
  tags: list('[A-Za-z0-9 .:/+@_-]+=[A-Za-z0-9 .:/+@_-]+'),
  bucketKey: KEY,
  queueKey: KEY,
  logKey: KEY,
  environmentKey: KEY,
  vpcSubnets: list('subnet-[0-9a-f]+'),
  vpcSecurityGroups: list('sg-[0-9a-f]+'),
  // A password would stand in the environment of every function.
  proxy: /^(https?:\/\/[A-Za-z0-9.:-]+\/?)?$/,
  caLayer: arn('lambda', '[a-z0-9-]+', '[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+'),
  deploymentBucket: /^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$/,
  deploymentRole: arn('iam', '', '[0-9]{12}:role/.+'),
  webAcl: arn('wafv2', 'us-east-1', '[0-9]{12}:global/webacl/.+'),
  allowedIpv4: list('[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}'),
  allowedIpv6: list('[0-9a-fA-F:]+/[0-9]{1,3}'),
  edgeSecret: arn('secretsmanager'),
  truststore: /^(s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/.+)?$/,
  complianceLock: /^(true|false)$/,
  objectLockConfirmed: /^(irreversible)?$/,
  replicaBucket: arn('s3', '', ':[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]'),
  replicaAccount: /^([0-9]{12})?$/,
  replicaKey: KEY,
  busArchiveDays: integer(0, 36_500),
  busReaders: ACCOUNTS,
  ecrAccounts: ACCOUNTS,
  // Of CodeDeploy for Lambda.
  gradualDeployment: /^(AllAtOnce|Canary10Percent(5|10|15|30)Minutes|Linear10PercentEvery(1Minute|(2|3|10)Minutes))?$/,
};

const NUMBERS = new Set([
  'logRetentionDays',
  ...Object.entries(FORMS).flatMap(([name, form]) => (form instanceof RegExp ? [] : [name])),
]);

module.exports = { FORMS, NUMBERS };

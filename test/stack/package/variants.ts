import type { Parameters } from './package-service.ts';

/** One value for every parameter that adds something, but those of which only one can be given; the rest only tunes. */
export const EVERY_OPTION: Parameters = {
  jwtIssuer: 'https://id.example.com/',
  jwtAudience: 'signet,console',
  pageClient: 'console',
  pageScopes: 'openid signet/redrive',
  pageOrigins: 'https://login.example.com,https://tokens.example.com:8443',
  domain: 'signet.example.com',
  certificate: 'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555',
  cdn: 'true',
  cdnDomain: 'mirror.example.com',
  cdnCertificate: 'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-666666666666',
  webhooksSecret: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:webhooks-AbCdEf',
  admissionSecret: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:admission-AbCdEf',
  pullSecret: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:pull-AbCdEf',
  signingKey: 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-000000000005',
  ecrRepositories:
    'arn:aws:ecr:us-east-1:111122223333:repository/ocp,arn:aws:ecr:us-east-1:111122223333:repository/okd',
  graphs:
    'ocp=https://updates.example.com/graph?channel=stable-4.16&arch=multi,okd=https://updates.example.com/okd/graph',
  graphChannels: 'stable-4.16,fast-4.16',
  graphArchitectures: 'amd64,multi',
  eventBus: 'arn:aws:events:us-east-1:111122223333:event-bus/shared',
  verdictTopic: 'arn:aws:sns:us-east-1:111122223333:verdicts',
  alarmTopic: 'arn:aws:sns:us-east-1:111122223333:alarms',
  objectLockDays: '365',
  accountConcurrency: '1000',
  verifyReserved: '20',
  admissionReserved: '30',
  objectLockConfirmed: 'irreversible',
  complianceLock: 'true',
  replicaBucket: 'arn:aws:s3:::signet-replica',
  replicaAccount: '444455556666',
  replicaKey: 'arn:aws:kms:eu-west-1:444455556666:key/11111111-2222-3333-4444-777777777777',
  permissionsBoundary: 'arn:aws:iam::111122223333:policy/boundary',
  rolePath: '/platform/signet/',
  tags: 'team=platform,cost-center=42',
  bucketKey: 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-000000000001',
  queueKey: 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-000000000002',
  logKey: 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-000000000003',
  environmentKey: 'arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-000000000004',
  vpcSubnets: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  vpcSecurityGroups: 'sg-0123456789abcdef0',
  proxy: 'http://proxy.example.com:3128',
  noProxy: '.example.com',
  caLayer: 'arn:aws:lambda:us-east-1:111122223333:layer:authorities:7',
  deploymentBucket: 'platform-deployments',
  deploymentRole: 'arn:aws:iam::111122223333:role/deployer',
  allowedIpv4: '192.0.2.0/24,198.51.100.7/32',
  allowedIpv6: '2001:db8::/32',
  edgeSecret: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:edge-AbCdEf',
  ecrAccounts: '444455556666,777788889999',
  gradualDeployment: 'Canary10Percent5Minutes',
};

/** The same with those that exclude one of them. */
export const OTHER_OPTIONS: Parameters = {
  ...EVERY_OPTION,
  eventBus: '',
  busArchiveDays: '30',
  busReaders: '444455556666,777788889999',
  allowedIpv4: '',
  allowedIpv6: '',
  webAcl: 'arn:aws:wafv2:us-east-1:111122223333:global/webacl/firewall/11111111-2222-3333-4444-888888888888',
  edgeSecret: '',
  truststore: 's3://authorities/clients.pem',
  truststoreVersion: 'v1',
  gradualDeployment: 'AllAtOnce',
};

/** What functions are run with. */
export const VARIANTS = ['defaults', 'every option'] as const;
/** What is packaged. */
export const TEMPLATES = [...VARIANTS, 'the other options'] as const;
export type Variant = (typeof TEMPLATES)[number];

import type { Parameters } from './package-service.ts';

/** One value for every parameter that adds something; the rest only tunes. */
export const EVERY_OPTION: Parameters = {
  jwtIssuer: 'https://id.example.com/',
  jwtAudience: 'signet,console',
  domain: 'signet.example.com',
  certificate: 'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555',
  cdn: 'true',
  cdnDomain: 'mirror.example.com',
  cdnCertificate: 'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-666666666666',
  webhooksSecret: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:webhooks-AbCdEf',
  admissionSecret: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:admission-AbCdEf',
  pullSecret: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:pull-AbCdEf',
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
};

export const VARIANTS = ['defaults', 'every option'] as const;
export type Variant = (typeof VARIANTS)[number];

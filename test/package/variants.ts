import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type PackagedTemplate, type Parameters, packageTemplate } from './package-service.ts';
import { settleConditions } from './settle-conditions.ts';
import type { Template } from './template.ts';

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

export interface PackagedVariant extends PackagedTemplate {
  /** What CloudFormation makes of the template: conditions decided, and what they leave out gone. */
  readonly settled: Template;
}

/** Packages both variants before the tests of a file, and gives each of them by name while these run. */
export function useVariants(): (variant: Variant) => PackagedVariant {
  const packaged = new Map<Variant, PackagedVariant>();
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'signet-template-'));
    for (const variant of VARIANTS) {
      const parameters = variant === 'defaults' ? {} : EVERY_OPTION;
      const one = await packageTemplate(path.join(directory, variant), parameters);
      packaged.set(variant, { ...one, settled: settleConditions(one.template) });
    }
  }, 120_000);
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });
  return (variant) => {
    const found = packaged.get(variant);
    if (found === undefined) throw new Error(`${variant} is not packaged`);
    return found;
  };
}

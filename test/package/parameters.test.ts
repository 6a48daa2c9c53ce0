import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { EVERY_OPTION, OTHER_OPTIONS } from '../stack/package/variants.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const Values = v.record(v.string(), v.pipe(v.unknown(), v.transform(String)));

interface Deployment {
  readonly stage: string;
  readonly region: string;
  readonly values: Readonly<Record<string, string>>;
}

const { listFaults, resolve } = createRequire(import.meta.url)('../../infra/parameters.cjs') as {
  readonly listFaults: (deployment: Deployment) => readonly string[];
  readonly resolve: (packager: {
    readonly options: { readonly stage: string; readonly region: string };
    readonly resolveVariable: (name: string) => Promise<unknown>;
  }) => Promise<{ readonly default: Readonly<Record<string, unknown>> }>;
};

const { default: defaults } = v.parse(v.looseObject({ default: Values }), readYaml('infra/parameters.yml'));

function readYaml(name: string): unknown {
  return parse(readFileSync(path.join(ROOT, name), 'utf8'));
}

function faultsOf(values: Readonly<Record<string, string>>, { stage = 'prod', region = 'us-east-1' } = {}) {
  return listFaults({ stage, region, values: { ...defaults, ...values } });
}

describe('the parameters of a deployment', () => {
  test.each([
    ['the defaults', {}, 'us-east-1'],
    ['every option', EVERY_OPTION, 'us-east-1'],
    ['the other options', OTHER_OPTIONS, 'us-east-1'],
    ['the example of a stage', v.parse(Values, readYaml('stages/example.yml')), 'eu-central-1'],
    ['ARNs of GovCloud', { alarmTopic: 'arn:aws-us-gov:sns:us-gov-west-1:111122223333:alarms' }, 'us-gov-west-1'],
    ['ARNs of China', { pullSecret: 'arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:s' }, 'cn-north-1'],
    [
      'ARNs of the European Sovereign Cloud',
      { eventBus: 'arn:aws-eusc:events:eusc-de-east-1:111122223333:event-bus/b' },
      'eusc-de-east-1',
    ],
  ])('are taken: %s', (_, values, region) => {
    expect(faultsOf(values, { region })).toEqual([]);
  });

  test('in the example of a stage are known', () => {
    expect(Object.keys(v.parse(Values, readYaml('stages/example.yml'))).filter((name) => !(name in defaults))).toEqual(
      [],
    );
  });

  test.each<[name: string, values: Readonly<Record<string, string>>, expected: readonly string[]]>([
    ['an issuer without an audience', { jwtIssuer: 'https://id.example.com' }, ['jwtIssuer: it needs jwtAudience']],
    ['an audience without an issuer', { jwtAudience: 'signet' }, ['jwtAudience: it needs jwtIssuer']],
    ['a domain without a certificate', { domain: 'signet.example.com' }, ['domain: it needs certificate']],
    [
      'a CDN’s name without its certificate',
      { cdn: 'true', cdnDomain: 'm.example.com' },
      ['cdnDomain: it needs cdnCertificate'],
    ],
    [
      'a CDN’s name without a CDN',
      { cdnDomain: 'm.example.com', cdnCertificate: EVERY_OPTION['cdnCertificate'] ?? '' },
      ['cdnDomain: it needs cdn,'],
    ],
    ['channels without a graph', { graphChannels: 'stable-4.21' }, ['graphChannels: it needs graphs']],
    ['a page without an issuer', { pageClient: 'console' }, ['pageClient: it needs jwtIssuer']],
    ['origins without a page', { pageOrigins: 'https://a.example' }, ['pageOrigins: it needs pageClient']],
    [
      'a client that ends the text that it stands in',
      { ...EVERY_OPTION, pageClient: 'a","issuer":"https://b' },
      ['pageClient: '],
    ],
    ['an origin that opens the policy', { ...EVERY_OPTION, pageOrigins: 'https://*' }, ['pageOrigins: ']],
    ['an origin that ends the policy', { ...EVERY_OPTION, pageOrigins: 'https://a.example;x' }, ['pageOrigins: ']],
    ['an origin in the clear', { ...EVERY_OPTION, pageOrigins: 'http://a.example' }, ['pageOrigins: ']],
    ['scopes between commas', { ...EVERY_OPTION, pageScopes: 'openid,profile' }, ['pageScopes: ']],
    ['no profile', { profiles: '' }, ['profiles: ""']],
    ['a level that is none', { logLevel: 'LOUD' }, ['logLevel: "LOUD"']],
    ['a retention that CloudWatch has not', { logRetentionDays: '31' }, ['logRetentionDays: "31"']],
    ['an ARN of another service', { webhooksSecret: 'arn:aws:sns:us-east-1:1:t' }, ['webhooksSecret: ']],
    [
      'a CDN certificate elsewhere',
      { ...EVERY_OPTION, cdnCertificate: 'arn:aws:acm:eu-west-1:1:certificate/c' },
      ['cdnCertificate: '],
    ],
    [
      'a certificate elsewhere',
      { ...EVERY_OPTION, certificate: 'arn:aws:acm:eu-west-1:1:certificate/c' },
      ['certificate: it is in eu-west-1'],
    ],
    ['a graph that is no URL', { graphs: 'ocp' }, ['graphs: "ocp"']],
    ['a graph with a credential', { graphs: 'ocp=https://user:pw@example.com/' }, ['graphs: ']],
    ['an issuer without TLS', { jwtIssuer: 'http://id', jwtAudience: 'a' }, ['jwtIssuer: "http://id"']],
    ['a switch that is neither', { cdn: 'yes' }, ['cdn: "yes"']],
    ['one invocation at a time', { pushConcurrency: '1' }, ['pushConcurrency: "1" is not an integer from 2 to 1000']],
    ['a number in words', { bundleDays: 'ten' }, ['bundleDays: "ten"']],
    [
      'a redrive before the last try',
      { pushReceives: '20' },
      ['pushRedriveReceives: it has to be above pushReceives, 20'],
    ],
    [
      'consumers that take all of a new account',
      { mirrorConcurrency: '6' },
      ['mirrorConcurrency, pushConcurrency, exportConcurrency: '],
    ],
    ['a reserve in a new account', { verifyReserved: '1' }, ['verifyReserved, admissionReserved: 1 of 10']],
    [
      'a reserve that leaves less than 100',
      { admissionReserved: '901', accountConcurrency: '1000' },
      ['verifyReserved, admissionReserved: 901 of 1000'],
    ],
    [
      'a way to deploy that CodeDeploy has not',
      { gradualDeployment: 'Canary50Percent1Minute' },
      ['gradualDeployment: "Canary50Percent1Minute"'],
    ],
    [
      'a way to deploy in other letters',
      { gradualDeployment: 'allAtOnce' },
      ['gradualDeployment: "allAtOnce" is not of the form'],
    ],
    ['several faults at once', { cdn: 'no', logLevel: '' }, ['logLevel: ""', 'cdn: "no"']],
  ])('are refused by name: %s', (_, values, expected) => {
    const faults = faultsOf(values);
    expect(faults.map((fault, index) => fault.slice(0, expected[index]?.length))).toEqual(expected);
  });

  test('are refused for a CDN in GovCloud, which has none', () => {
    expect(faultsOf({ cdn: 'true' }, { region: 'us-gov-west-1' })).toEqual([
      'cdn: there is no CloudFront in us-gov-west-1',
    ]);
  });

  test.each([
    ['prod', 'us-east-1', true],
    ['a-1', 'us-east-1', true],
    ['x'.repeat(28), 'ap-southeast-2', true],
    ['x'.repeat(29), 'ap-southeast-2', false],
    ['Prod', 'us-east-1', false],
    ['prod_1', 'us-east-1', false],
    ['prod-', 'us-east-1', false],
    ['-prod', 'us-east-1', false],
    ['', 'us-east-1', false],
  ])('of a stage whose bucket S3 takes: %j in %s %s', (stage, region, isTaken) => {
    const bucket = `signet-${stage}-123456789012-${region}`;
    const faults = faultsOf({}, { stage, region });
    expect(faults.length === 0).toBe(isTaken);
    expect(bucket.length <= 63 || faults.length > 0).toBe(true);
    expect(faults.every((fault) => fault.startsWith('stage: '))).toBe(true);
  });
});

test.each(['', '\n# all by default\n'])('a stage file of %j has the defaults', async (text) => {
  const stage = `blank${process.pid}`;
  const file = path.join(ROOT, `stages/${stage}.yml`);
  await writeFile(file, text);
  try {
    // As osls does for a document without a value.
    const resolveVariable = (name: string): Promise<unknown> =>
      name === 'file(infra/parameters.yml)'
        ? Promise.resolve(readYaml('infra/parameters.yml'))
        : Promise.reject(new Error(`${name} returned not supported result: "undefined"`));
    const resolved = await resolve({ options: { stage, region: 'us-east-1' }, resolveVariable });
    expect(Object.keys(resolved.default).toSorted()).toEqual(Object.keys(defaults).toSorted());
  } finally {
    await rm(file);
  }
});

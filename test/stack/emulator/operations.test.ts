import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { zipSync } from 'fflate';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { TEST_CA } from '../../support/servers/start-server.ts';
import { findTool } from '../../support/tools.ts';
import { packageStack, type Ran } from './deploy-stack.ts';
import { ACCOUNT, REGION } from './scene.ts';
import { type Emulator, startEmulator } from './start-emulator.ts';

const program = findTool('ministack');
const OTHER = 'eu-west-1';
const LONG = 600_000;
const PARAMETERS = path.join(import.meta.dirname, '../../../infra/parameters.yml');
const Documented = v.object({ default: v.record(v.string(), v.unknown()) });
const UNDER_WAY = { timeout: 120_000, interval: 50 };
const DEPLOYED = 'Service deployed to stack signet-dev';
const DONE = { code: 0, output: expect.stringContaining(DEPLOYED) as unknown };
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/11111111-2222-3333-4444-000000000001`;
/** Every option that the emulator's account can have, but object lock, which cannot be taken back. */
const OPTIONS = {
  profiles: 'ocp,okd',
  cdn: 'true',
  jwtIssuer: 'https://id.example.com/',
  jwtAudience: 'signet',
  graphs: 'ocp=https://updates.example.com/graph',
  graphChannels: 'stable-4.16',
  graphArchitectures: 'amd64,multi',
  webhooksSecret: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:webhooks-AbCdEf`,
  admissionSecret: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:admission-AbCdEf`,
  pullSecret: `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:pull-AbCdEf`,
  verdictTopic: `arn:aws:sns:${REGION}:${ACCOUNT}:verdicts`,
  alarmTopic: `arn:aws:sns:${REGION}:${ACCOUNT}:alarms`,
  eventBus: `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/shared`,
  accountConcurrency: '1000',
  verifyReserved: '20',
  admissionReserved: '30',
  pageClient: 'console',
  pageScopes: 'openid signet/redrive',
  pageOrigins: 'https://login.example.com',
  domain: 'signet.example.com',
  certificate: `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555`,
  truststore: 's3://platform-deployments/clients.pem',
  truststoreVersion: 'v1',
  cdnDomain: 'mirror.example.com',
  cdnCertificate: `arn:aws:acm:us-east-1:${ACCOUNT}:certificate/11111111-2222-3333-4444-666666666666`,
  webAcl: `arn:aws:wafv2:us-east-1:${ACCOUNT}:global/webacl/firewall/11111111-2222-3333-4444-888888888888`,
  replicaBucket: 'arn:aws:s3:::platform-deployments',
  replicaAccount: '444455556666',
  replicaKey: KEY,
  signingKey: KEY,
  permissionsBoundary: 'arn:aws:iam::aws:policy/AdministratorAccess',
  rolePath: '/platform/signet/',
  tags: 'team=platform,cost-center=42',
  bucketKey: KEY,
  queueKey: KEY,
  logKey: KEY,
  environmentKey: KEY,
  vpcSubnets: 'subnet-0123456789abcdef0',
  vpcSecurityGroups: 'sg-0123456789abcdef0',
  proxy: 'http://proxy.example.com:3128',
  noProxy: '.example.com',
  caLayer: `arn:aws:lambda:${REGION}:${ACCOUNT}:layer:authorities:1`,
  deploymentBucket: 'platform-deployments',
  deploymentRole: `arn:aws:iam::${ACCOUNT}:role/deployer`,
};

/** What is not turned on here, and why. */
const LEFT_OFF: Readonly<Record<string, string>> = {
  allowedIpv4: 'the emulator has no AWS::WAFv2::IPSet; webAcl stands in its place',
  allowedIpv6: 'the same',
  busArchiveDays: 'the emulator has no AWS::Events::Archive; it excludes eventBus',
  busReaders: 'the emulator has no AWS::Events::EventBusPolicy; it excludes eventBus',
  ecrAccounts: 'the emulator has no AWS::Events::EventBusPolicy',
  edgeSecret: 'it excludes truststore',
  gradualDeployment: 'gradual.test.ts',
  objectLockDays: 'it cannot be taken back',
  objectLockConfirmed: 'the same',
  complianceLock: 'the same',
};

test('every option is turned on in the emulator, or is said to be left off', async () => {
  const document = v.parse(Documented, parse(await readFile(PARAMETERS, 'utf8'))).default;
  const options = Object.keys(document).filter((name) => ['', '0', 'false'].includes(String(document[name])));
  const known = [...Object.keys(OPTIONS), ...Object.keys(LEFT_OFF)];
  expect(options.filter((name) => !known.includes(name))).toEqual([]);
  expect(Object.keys(LEFT_OFF).filter((name) => !options.includes(name) || name in OPTIONS)).toEqual([]);
});

describe.skipIf(program === undefined)('the stack in an emulator of AWS, as a team runs it', () => {
  let directory: string;
  let emulator: Emulator;
  const seconds: Record<string, number> = {};

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'signet-operations-'));
    emulator = await startEmulator(program ?? '', path.join(directory, 'emulator'));
  }, LONG);

  afterAll(async () => {
    process.stdout.write(`operations in the emulator: seconds ${JSON.stringify(seconds)}\n`);
    process.stdout.write(`options that were not turned on: ${Object.keys(LEFT_OFF).join(', ')}\n`);
    await emulator?.stop();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }, LONG);

  const pack = (name: string, parameters: Readonly<Record<string, string>>, region = REGION) =>
    packageStack(path.join(directory, name), parameters, {
      ...emulator,
      env: { ...emulator.env, AWS_REGION: region },
    });

  async function time(name: string, work: () => Promise<Ran>): Promise<Ran> {
    const started = performance.now();
    const ran = await work();
    seconds[name] = Math.round((performance.now() - started) / 1000);
    return ran;
  }

  /** Resources are being made. */
  async function isUnderWay(): Promise<boolean> {
    const form = { Action: 'DescribeStackResources', StackName: 'signet-dev', Version: '2010-05-15' };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams(form).toString();
    const answer = await emulator.ask({ method: 'POST', service: 'cloudformation', path: '/', headers, body });
    return answer.body.includes('AWS::SQS::Queue');
  }

  test(
    'a deployment that is killed succeeds when it is repeated, with a CDN',
    async () => {
      const stack = await pack('first', { cdn: 'true' });
      const killed = await time('killed deployment', () => stack.deployUntil(vi.waitUntil(isUnderWay, UNDER_WAY)));
      expect(killed.code).not.toBe(0);
      expect(killed.output).not.toContain(DEPLOYED);
      const repeated: string[] = [];
      for (let tries = 0; tries < 6 && repeated.at(-1)?.includes(DEPLOYED) !== true; tries += 1) {
        repeated.push((await time('repeated deployment', () => stack.deploy('for the emulator'))).output);
      }
      expect(repeated.at(-1)).toMatch(
        /Service deployed to stack signet-dev|No changes to deploy|did not include any changes/,
      );
    },
    LONG,
  );

  test(
    'a second region of the account has a stack of its own, with a CDN too',
    async () => {
      const stack = await pack('second', { cdn: 'true' }, OTHER);
      expect(await time('second region', () => stack.deploy('for the emulator'))).toEqual(DONE);
    },
    LONG,
  );

  test(
    'every option is turned on, and off again',
    async () => {
      await emulator.ask({ method: 'PUT', service: 's3', path: '/platform-deployments' });
      const ZipFile = Buffer.from(zipSync({ 'ca.pem': Buffer.from(TEST_CA) })).toString('base64');
      const layer = { method: 'POST', service: 'lambda', path: '/2018-10-31/layers/authorities/versions' };
      const published = await emulator.ask({ ...layer, body: JSON.stringify({ Content: { ZipFile } }) });
      expect(published).toMatchObject({ status: 201 });
      const on = await pack('on', OPTIONS);
      expect(await time('every option on', () => on.deploy('for the emulator'))).toEqual(DONE);
      // Its own bucket osls could only make with the whole template in the request, which is longer than CloudFormation takes.
      const off = await pack('off', { deploymentBucket: OPTIONS.deploymentBucket });
      expect(await time('every option off', () => off.deploy('for the emulator'))).toEqual(DONE);
    },
    LONG,
  );
});

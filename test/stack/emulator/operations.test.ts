import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findTool } from '../../support/tools.ts';
import { packageStack, type Ran } from './deploy-stack.ts';
import { ACCOUNT, REGION } from './scene.ts';
import { type Emulator, startEmulator } from './start-emulator.ts';

const program = findTool('ministack');
const OTHER = 'eu-west-1';
const LONG = 600_000;
const UNDER_WAY = { timeout: 120_000, interval: 50 };
const DEPLOYED = 'Service deployed to stack signet-dev';
const DONE = { code: 0, output: expect.stringContaining(DEPLOYED) as unknown };
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
};

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
      const on = await pack('on', OPTIONS);
      expect(await time('every option on', () => on.deploy('for the emulator'))).toEqual(DONE);
      const off = await pack('off', {});
      expect(await time('every option off', () => off.deploy('for the emulator'))).toEqual(DONE);
    },
    LONG,
  );
});

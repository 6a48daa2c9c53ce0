import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listFunctions } from '../../../scripts/build-functions.ts';
import { findTool } from '../../support/tools.ts';
import { packageStack, type Stack } from './deploy-stack.ts';
import { ACCOUNT, REGION } from './scene.ts';
import { type Emulator, startEmulator } from './start-emulator.ts';

const program = findTool('ministack');
const names = await listFunctions();
const LONG = 600_000;
const CHANGED = 'serve-signature';
const ON = { gradualDeployment: 'Canary10Percent5Minutes' };
const BUCKET = `signet-dev-${ACCOUNT}-${REGION}`;

const Version = v.object({ Version: v.string(), CodeSha256: v.string() });
const Versions = v.object({ Versions: v.array(Version) });
const Alias = v.object({ FunctionVersion: v.string() });
const Mappings = v.object({ EventSourceMappings: v.array(v.object({ FunctionArn: v.string() })) });
const Apis = v.object({ items: v.tuple([v.object({ apiId: v.string() })]) });
const Integrations = v.object({ items: v.array(v.object({ integrationUri: v.string() })) });
const Targets = v.object({ Targets: v.array(v.object({ Arn: v.string() })) });

describe.skipIf(program === undefined)('gradual deployment in an emulator of AWS', () => {
  let directory: string;
  let emulator: Emulator;
  let current: Stack;
  const seconds: Record<string, number> = {};

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'signet-gradual-'));
    emulator = await startEmulator(program ?? '', path.join(directory, 'emulator'));
  }, LONG);

  afterAll(async () => {
    const left = `not deployed: ${current?.left.filter((id) => !id.endsWith('Alarm')).join(', ')}`;
    process.stdout.write(`gradual deployment in the emulator: seconds ${JSON.stringify(seconds)}; ${left}\n`);
    await emulator?.stop();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }, LONG);

  async function deploy(
    name: string,
    parameters: Readonly<Record<string, string>>,
    added: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    current = await packageStack(path.join(directory, name), parameters, emulator, added);
    const started = performance.now();
    const { code, output } = await current.deploy('for the emulator');
    seconds[name] = Math.round((performance.now() - started) / 1000);
    expect([code, output]).toEqual([0, expect.stringMatching(/deployed to stack signet-dev|No changes to deploy/)]);
    return output;
  }

  async function read<T>(schema: v.GenericSchema<unknown, T>, service: string, target: string): Promise<T> {
    const { status, body } = await emulator.ask({ service, path: target });
    expect([target, status]).toEqual([target, 200]);
    return v.parse(schema, JSON.parse(body));
  }

  const toPath = (name: string, rest: string) => `/2015-03-31/functions/signet-dev-${name}${rest}`;
  const readAlias = (name: string) => read(Alias, 'lambda', toPath(name, '/aliases/live'));
  const readVersion = (name: string, version: string) =>
    read(Version, 'lambda', toPath(name, `/configuration?Qualifier=${version}`));
  const readVersions = async (name: string) =>
    (await read(Versions, 'lambda', toPath(name, '/versions'))).Versions.map(({ Version: one }) => one);

  /** The ARNs that the API, queues, rules and the bucket call. */
  async function readCalled(): Promise<readonly string[]> {
    const {
      items: [{ apiId }],
    } = await read(Apis, 'apigateway', '/v2/apis');
    const { items } = await read(Integrations, 'apigateway', `/v2/apis/${apiId}/integrations`);
    const { EventSourceMappings: mappings } = await read(Mappings, 'lambda', '/2015-03-31/event-source-mappings/');
    const rules = await Promise.all(['ecr-push', 'reverify', 'plan-mirror'].map(readTargets));
    const { body } = await emulator.ask({ service: 's3', path: `/${BUCKET}?notification` });
    const notified = [...body.matchAll(/<(?:CloudFunction|LambdaFunctionArn)>([^<]+)</g)].map(([, arn = '']) => arn);
    return [
      ...items.map(({ integrationUri: arn }) => arn),
      ...mappings.map(({ FunctionArn: arn }) => arn),
      ...rules.flat(),
      ...notified,
    ];
  }

  async function readTargets(rule: string): Promise<readonly string[]> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.ListTargetsByRule' };
    const body = JSON.stringify({ Rule: `signet-dev-${rule}` });
    const answer = await emulator.ask({ method: 'POST', service: 'events', path: '/', headers, body });
    return v.parse(Targets, JSON.parse(answer.body)).Targets.map(({ Arn: arn }) => arn);
  }

  /** Over the API, which calls read-records. */
  async function askHealth(): Promise<number> {
    const {
      items: [{ apiId }],
    } = await read(Apis, 'apigateway', '/v2/apis');
    return (await emulator.askUnsigned({ host: emulator.toApiHost(apiId), path: '/healthz' })).status;
  }

  let called: readonly string[];
  let health: number;

  test(
    'without it functions are called, and have no versions',
    async () => {
      await deploy('off', {});
      called = await readCalled();
      health = await askHealth();
      expect(called).toHaveLength(9 + 3 + 3 + 2);
      expect(called.filter((arn) => arn.split(':').length !== 7)).toEqual([]);
      for (const name of names) expect([name, await readVersions(name)]).toEqual([name, ['$LATEST']]);
    },
    LONG,
  );

  test(
    'turned on, all that called functions calls their first versions, by the alias',
    async () => {
      await deploy('on', ON);
      expect([...(await readCalled())].toSorted(compare)).toEqual(called.map((arn) => `${arn}:live`).toSorted(compare));
      for (const name of names) expect([name, await readAlias(name)]).toEqual([name, { FunctionVersion: '1' }]);
      expect(await askHealth()).toBe(health);
    },
    LONG,
  );

  test(
    'new code of a function comes to its callers as a version, and the former one stays to go back to',
    async () => {
      const former = await readVersion(CHANGED, 'live');
      await deploy('changed', ON, { [CHANGED]: '\nexport const changed = true;\n' });
      const zip = await readFile(path.join(directory, 'changed/packaged', `${CHANGED}.zip`));
      const CodeSha256 = createHash('sha256').update(zip).digest('base64');
      expect(await readVersion(CHANGED, 'live')).toEqual({ Version: '2', CodeSha256 });
      expect(await readVersion(CHANGED, '1')).toEqual(former);
      expect(former.CodeSha256).not.toBe(CodeSha256);
      for (const name of names.filter((one) => one !== CHANGED))
        expect(await readVersions(name)).toEqual(['$LATEST', '1']);
    },
    LONG,
  );

  test(
    'the same sources, packaged again, are no change',
    async () => {
      // At the same place, which the packager compares too.
      await rm(path.join(directory, 'changed'), { recursive: true });
      const output = await deploy('changed', ON, { [CHANGED]: '\nexport const changed = true;\n' });
      expect(output).toContain('No changes to deploy');
    },
    LONG,
  );

  test('by hand the alias goes back to the former version', async () => {
    const body = JSON.stringify({ FunctionVersion: '1' });
    const target = toPath(CHANGED, '/aliases/live');
    expect((await emulator.ask({ method: 'PUT', service: 'lambda', path: target, body })).status).toBe(200);
    expect((await readVersion(CHANGED, 'live')).Version).toBe('1');
    await emulator.ask({
      method: 'PUT',
      service: 'lambda',
      path: target,
      body: JSON.stringify({ FunctionVersion: '2' }),
    });
  });

  test(
    'turned off, functions are called again, and versions stay',
    async () => {
      await deploy('off again', {});
      expect(await readCalled()).toEqual(called);
      expect(await readVersions(CHANGED)).toEqual(['$LATEST', '1', '2']);
      expect((await emulator.ask({ service: 'lambda', path: toPath(CHANGED, '/aliases/live') })).status).toBe(404);
      expect(await askHealth()).toBe(health);
    },
    LONG,
  );
});

function compare(one: string, other: string): number {
  return one < other ? -1 : 1;
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { listFunctions } from '../../scripts/build-functions.ts';
import { answerAws } from './answer-aws.ts';
import { invokeBundle } from './invoke-bundle.ts';
import { type PackagedService, packageService, unzip } from './package-service.ts';
import { fillObjects, makeSamples, writeWebhooks } from './sample-events.ts';
import { resourcesOf } from './template.ts';

const KB = 1024;
const names = await listFunctions();

let directory: string;
let service: PackagedService;
let again: PackagedService;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'signet-package-'));
  const [first, second] = ['first', 'second'].map((name) => packageService(path.join(directory, name)));
  [service, again] = [await readyOf(first), await readyOf(second)];
}, 180_000);

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function readyOf(packaged: Promise<PackagedService> | undefined): Promise<PackagedService> {
  if (packaged === undefined) throw new Error('nothing is being packaged');
  return await packaged;
}

const FunctionProperties = z.object({
  FunctionName: z.string(),
  Handler: z.string(),
  Runtime: z.literal('nodejs24.x'),
  Architectures: z.tuple([z.literal('arm64')]),
  TracingConfig: z.strictObject({ Mode: z.literal('Active') }),
  Role: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
  Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
});

function readFunction(name: string): z.infer<typeof FunctionProperties> {
  const functions = resourcesOf(service.template, 'AWS::Lambda::Function');
  const properties = functions.map(([, resource]) => FunctionProperties.parse(resource.Properties));
  const found = properties.find(({ FunctionName: full }) => full === `signet-dev-${name}`);
  if (found === undefined) throw new Error(`${name} is not in the template`);
  return found;
}

describe.each(names)('%s', (name) => {
  test('runs on Node 24 for arm64, is traced, and has a role of its own', () => {
    const [role] = readFunction(name).Role['Fn::GetAtt'];
    expect(role).toBe(`${name.split('-').map(capitalise).join('')}Role`);
  });

  test('is zipped alone, the same bytes each time', async () => {
    const zip = await service.readZip(name);
    expect([...unzip(zip).keys()]).toEqual([`dist/${name}/handler.mjs`]);
    expect(Buffer.compare(zip, await again.readZip(name))).toBe(0);
  });

  test('starts from its zip, with the environment that the template gives it, and answers an event of its kind', async () => {
    const objects = path.join(directory, 'objects', name);
    await fillObjects(objects);
    const { Handler: handler, Environment: environment } = readFunction(name);
    const [file, exported] = handler.split(/\.(?=[^.]*$)/);
    expect(exported).toBe('handler');
    const bundle = path.join(directory, 'unzipped', name, `${file}.mjs`);
    await mkdir(path.dirname(bundle), { recursive: true });
    for (const [, bytes] of unzip(await service.readZip(name))) await writeFile(bundle, bytes);
    const aws = await answerAws();
    const env: Record<string, string> = { ...OF_LAMBDA, AWS_ENDPOINT_URL: aws.endpoint };
    for (const key of Object.keys(environment.Variables)) env[key] = VALUES[key] ?? 'not known to this test';
    env['SIGNET_OBJECTS'] = objects;
    if (Object.hasOwn(env, 'SIGNET_WEBHOOKS')) env['SIGNET_WEBHOOKS'] = await writeWebhooks(directory);
    const sample = (await makeSamples())[name];
    const reply = await invokeBundle(bundle, sample?.event ?? {}, env);
    await aws.stop();
    expect(reply.error).toBeUndefined();
    expect(reply.node).toMatch(/^24\./);
    expect(parseBody(reply.answer)).toMatchObject(sample?.answer ?? {});
    expect(aws.calls).toEqual(sample?.calls ?? []);
  });
});

const VALUES: Readonly<Record<string, string>> = {
  SIGNET_PROFILES: 'ocp',
  SIGNET_MIRROR_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/signet-dev-mirror',
  SIGNET_MIRROR_DEAD_LETTER_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/signet-dev-mirror-dead-letters',
  SIGNET_MIRROR_RECEIVES: '10',
  SIGNET_PUSH_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/signet-dev-push',
  SIGNET_PUSH_DEAD_LETTER_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/signet-dev-push-dead-letters',
  SIGNET_PUSH_RECEIVES: '10',
  SIGNET_EVENT_BUS: 'arn:aws:events:us-east-1:000000000000:event-bus/signet-dev',
  SIGNET_VERDICT_TOPIC: '',
  SIGNET_PULL_SECRET: '',
  SIGNET_DISTRIBUTION: '',
  POWERTOOLS_LOG_LEVEL: 'INFO',
};

/** What Lambda itself puts into every environment. */
const OF_LAMBDA = {
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'signet-dev-function',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test-secret',
};

describe('bundles', () => {
  test.each([
    ['check-pullspec', 100 * KB],
    ['serve-signature', 500 * KB],
    ['verify-image', 1024 * KB],
  ])('%s has at most %d bytes', (name, limit) => {
    expect(findBuilt(name).bytes).toBeLessThanOrEqual(limit);
  });

  test.each([
    ['check-pullspec', ['openpgp', '@aws-sdk/client-s3', '@aws-sdk/client-sqs']],
    ['serve-signature', ['openpgp', '@aws-sdk/client-s3', '@aws-sdk/client-sqs']],
    ['verify-image', ['openpgp', '@aws-sdk/client-s3']],
    ['read-records', ['openpgp']],
    ['mirror-signatures', ['openpgp']],
  ])('%s holds nothing of %j', (name, unwanted) => {
    const { inputs } = findBuilt(name);
    expect(inputs).toContain(`functions/${name}/wire.ts`);
    const found = inputs.filter((input) => unwanted.some((library) => input.includes(`node_modules/${library}/`)));
    expect(found).toEqual([]);
  });
});

function findBuilt(name: string): PackagedService['built'][number] {
  const built = service.built.find((one) => one.name === name);
  if (built === undefined) throw new Error(`${name} was not built`);
  return built;
}

/** An HTTP answer with its JSON body parsed; anything else as it is. */
function parseBody(answer: unknown): unknown {
  const parsed = z.looseObject({ headers: z.record(z.string(), z.unknown()), body: z.string() }).safeParse(answer);
  if (!parsed.success || parsed.data.headers['content-type'] !== 'application/json') return answer;
  return { ...parsed.data, body: JSON.parse(parsed.data.body) as unknown };
}

function capitalise(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ROUTES } from '../../local/routes.ts';
import { listFunctions } from '../../scripts/build-functions.ts';
import { listGrants, type Needs, toGrants } from './grants.ts';
import { invokeBundle } from './invoke-bundle.ts';
import { type PackagedService, packageService, unzip } from './package-service.ts';
import { fillObjects, makeSamples } from './sample-events.ts';
import { findCircle, findUnresolved, resourcesOf } from './template.ts';

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
  Timeout: z.number(),
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

describe('the template', () => {
  test('is packaged without a warning', () => {
    expect(service.output).not.toMatch(/warning|deprecat/i);
  });

  test('holds every function of functions/, and no other', () => {
    const functions = resourcesOf(service.template, 'AWS::Lambda::Function');
    expect(
      functions
        .map(
          ([
            ,
            {
              Properties: { FunctionName: name },
            },
          ]) => name,
        )
        .toSorted(compare),
    ).toEqual(names.map((name) => `signet-dev-${name}`));
  });

  test('refers to nothing that is not in it', () => {
    expect(findUnresolved(service.template)).toEqual([]);
  });

  test('has no resources that wait for each other', () => {
    expect(findCircle(service.template)).toEqual([]);
  });

  test.each([
    ['a role that is not there', { Properties: { Role: { 'Fn::GetAtt': ['NoSuchRole', 'Arn'] } } }, 'NoSuchRole.Arn'],
    [
      'an attribute that a queue has not',
      { Properties: { Url: { 'Fn::GetAtt': ['MirrorQueue', 'Url'] } } },
      'MirrorQueue.Url',
    ],
    ['a Ref to nothing', { Properties: { Name: { Ref: 'NoSuch' } } }, 'NoSuch'],
    ['a DependsOn of nothing', { DependsOn: 'NoSuch', Properties: {} }, 'NoSuch'],
  ])('would not pass with %s', (_, broken, expected) => {
    const resources = { ...service.template.Resources, Broken: { Type: 'Broken', ...broken } };
    expect(findUnresolved({ ...service.template, Resources: resources })).toEqual([expected]);
  });

  test('would not pass with resources that wait for each other', () => {
    const waits = (name: string) => ({ Type: 'Broken', Properties: { Name: { Ref: name } } });
    const resources = { One: waits('Other'), Other: waits('One') };
    expect(findCircle({ ...service.template, Resources: resources })).toEqual(['One', 'Other', 'One']);
  });

  test('has the routes of the service on one machine', () => {
    const Integrated = z.object({ RouteKey: z.string(), Target: z.object({ 'Fn::Join': z.unknown() }) });
    const routes = resourcesOf(service.template, 'AWS::ApiGatewayV2::Route').map(([, { Properties: properties }]) => {
      const { RouteKey: key, Target: target } = Integrated.parse(properties);
      const [, handler] = names
        .map((name) => [`HttpApiIntegration${toLogicalId(name)}`, name] as const)
        .find(([id]) => JSON.stringify(target).includes(`"${id}"`)) ?? ['', 'none'];
      return `${key} ${handler}`;
    });
    const expected = ROUTES.map(({ method, path: route, handler }) => `${method} ${route} ${handler}`);
    expect(routes.toSorted(compare)).toEqual(expected.toSorted(compare));
  });

  test('lets nobody in without IAM, but for signatures and health', () => {
    const open = resourcesOf(service.template, 'AWS::ApiGatewayV2::Route')
      .map(([, { Properties: properties }]) => properties)
      .filter(({ AuthorizationType: type }) => type !== 'AWS_IAM')
      .map(({ RouteKey: key }) => String(key).replace(/^(GET|HEAD) /, ''));
    const paths = ['/api/upgrades_info/signatures/{path+}', '/healthz', '/lookaside/{path+}', '/signatures/{path+}'];
    expect([...new Set(open)].toSorted(compare)).toEqual(paths);
  });

  test('gives every queue a dead-letter queue, encrypts each, and waits six times as long as the function may run', () => {
    const queues = resourcesOf(service.template, 'AWS::SQS::Queue');
    const deadLetters = queues.flatMap(
      ([
        ,
        {
          Properties: { RedrivePolicy: policy },
        },
      ]) => {
        const parsed = z
          .object({ deadLetterTargetArn: z.object({ 'Fn::GetAtt': z.array(z.string()) }) })
          .safeParse(policy);
        return parsed.success ? [parsed.data.deadLetterTargetArn['Fn::GetAtt'][0]] : [];
      },
    );
    expect(deadLetters).toEqual(['MirrorDeadLetterQueue']);
    expect(queues.map(([id]) => id).filter((id) => !deadLetters.includes(id))).toEqual(['MirrorQueue']);
    expect(queues.every(([, { Properties: properties }]) => properties['SqsManagedSseEnabled'] === true)).toBe(true);
    const wait = service.template.Resources['MirrorQueue']?.Properties['VisibilityTimeout'];
    expect(wait).toBe(6 * readFunction('mirror-signatures').Timeout);
  });

  test('hands the mirror queue over in batches of which single messages may fail, with a limit of its own', () => {
    const mappings = resourcesOf(service.template, 'AWS::Lambda::EventSourceMapping');
    expect(mappings.map(([, { Properties: properties }]) => properties)).toMatchObject([
      {
        EventSourceArn: { 'Fn::GetAtt': ['MirrorQueue', 'Arn'] },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 5 },
      },
    ]);
  });

  test('keeps the bucket private, encrypted, versioned, over TLS alone, and when the stack is gone', () => {
    const { ObjectsBucket: bucket, ObjectsBucketPolicy: policy } = service.template.Resources;
    expect(bucket).toMatchObject({
      Properties: {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: { ServerSideEncryptionConfiguration: [{}] },
        NotificationConfiguration: {
          LambdaConfigurations: [{ Function: { 'Fn::GetAtt': ['PublishDashtrustLambdaFunction', 'Arn'] } }],
        },
      },
    });
    expect(JSON.stringify(policy)).toContain('"Bool":{"aws:SecureTransport":"false"}');
    expect(bucket?.DeletionPolicy).toBe('Retain');
  });

  test('keeps the log of every function for a time', () => {
    const groups = resourcesOf(service.template, 'AWS::Logs::LogGroup').map(
      ([, { Properties: properties }]) => properties,
    );
    const expected = names.map((name) => ({ LogGroupName: `/aws/lambda/signet-dev-${name}`, RetentionInDays: 30 }));
    expect(groups).toHaveLength(expected.length);
    expect(groups).toEqual(expect.arrayContaining(expected));
  });
});

/** What each function does, and so what its role may do. */
const NEEDS: Readonly<Record<string, Needs>> = {
  'check-pullspec': { reads: ['trust'] },
  'verify-image': {
    reads: ['trust', 'signatures', 'records'],
    writes: ['records'],
    queues: ['sqs:SendMessage MirrorQueue'],
  },
  'serve-signature': { reads: ['signatures', 'lookaside'] },
  'read-records': { reads: ['trust', 'records'] },
  'mirror-signatures': {
    reads: ['trust', 'signatures'],
    writes: ['signatures'],
    queues: [
      'sqs:ReceiveMessage MirrorQueue',
      'sqs:DeleteMessage MirrorQueue',
      'sqs:ChangeMessageVisibility MirrorQueue',
      'sqs:GetQueueAttributes MirrorQueue',
      'sqs:SendMessage MirrorDeadLetterQueue',
    ],
  },
  'publish-trust': { reads: ['trust-inbox', 'trust'], writes: ['trust'] },
};

describe.each(names)('%s', (name) => {
  test('has a role of its own that may do what it does, and nothing else', () => {
    const [role] = readFunction(name).Role['Fn::GetAtt'];
    expect(role).toBe(`${name.split('-').map(capitalise).join('')}Role`);
    expect(listGrants(service.template, role)).toEqual(toGrants(role, NEEDS[name]));
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
    const env: Record<string, string> = { ...OF_LAMBDA };
    for (const key of Object.keys(environment.Variables)) env[key] = VALUES[key] ?? 'not known to this test';
    env['SIGNET_OBJECTS'] = objects;
    const sample = (await makeSamples())[name];
    const reply = await invokeBundle(bundle, sample?.event ?? {}, env);
    expect(reply.error).toBeUndefined();
    expect(reply.node).toMatch(/^24\./);
    expect(parseBody(reply.answer)).toMatchObject(sample?.answer ?? {});
  });
});

const VALUES: Readonly<Record<string, string>> = {
  SIGNET_PROFILES: 'ocp',
  SIGNET_MIRROR_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/signet-dev-mirror',
  SIGNET_MIRROR_DEAD_LETTER_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/signet-dev-mirror-dead-letters',
  POWERTOOLS_LOG_LEVEL: 'INFO',
};

/** What Lambda itself puts into every environment. */
const OF_LAMBDA = { AWS_REGION: 'us-east-1', AWS_LAMBDA_FUNCTION_NAME: 'signet-dev-function' };

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

/** As the packager spells a function's name. */
function toLogicalId(name: string): string {
  return capitalise(name.replaceAll('-', 'Dash'));
}

function capitalise(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function compare(one: unknown, other: unknown): number {
  return String(one) < String(other) ? -1 : 1;
}

import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CreateBucketCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listFunctions } from '../../../scripts/build-functions.ts';
import { findTool } from '../../support/tools.ts';
import {
  askForChange,
  type Credentials,
  createCaller,
  createQuery,
  type Query,
  waitForStack,
} from './cloudformation.ts';
import { UNKNOWN } from './deploy-stack.ts';
import { ACCOUNT, REGION, type Scene, startScene } from './scene.ts';
import type { Asked } from './start-emulator.ts';

const program = findTool('ministack');
const CODE_BUCKET = 'platform-code';
const PREFIX = 'releases/signet/';
const NAME = 'signet-dev';
const BUCKET = `signet-dev-${ACCOUNT}-${REGION}`;
const LOG_GROUP = '/aws/lambda/signet-dev-receive-push';
const LONG = 300_000;
const ROOT = { accessKeyId: 'test', secretAccessKey: 'test' };

const Template = v.looseObject({
  Resources: v.record(v.string(), v.looseObject({ Type: v.string(), Properties: v.optional(v.looseObject({}), {}) })),
});

describe.skipIf(program === undefined)('the plain template in an emulator of AWS', () => {
  let scene: Scene;
  let plain: string;
  let root: Query;
  let deployer: Query;
  let credentials: Credentials;
  const left: string[] = [];
  const template = `https://s3.${REGION}.amazonaws.com/${CODE_BUCKET}/${PREFIX}template.json`;
  const code = { CodeBucket: CODE_BUCKET, CodePrefix: PREFIX };

  beforeAll(async () => {
    scene = await startScene(program ?? '');
    plain = scene.stack.plain;
    root = createQuery(scene.emulator, ROOT, REGION);
    deployer = await createDeployer();
  }, LONG);

  afterAll(async () => {
    process.stdout.write(`the plain template in the emulator: not deployed: ${left.join(', ')}\n`);
    await scene?.stop();
  }, LONG);

  /** A user with the policy of deployers, and nothing else. */
  async function createDeployer(): Promise<Query> {
    await root('iam', 'CreateUser', { UserName: 'deployer' });
    for (const name of ['deployer-policy.json', 'deployer-options.json']) {
      const text = (await readFile(path.join(plain, name), 'utf8'))
        .replaceAll('PARTITION', 'aws')
        .replaceAll('REGION', REGION)
        .replaceAll('ACCOUNT', ACCOUNT)
        .replaceAll('CODEBUCKET', CODE_BUCKET)
        .replaceAll('EDGESECRET', `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:edge-*`);
      const PolicyDocument = JSON.stringify(JSON.parse(text));
      const put = await root('iam', 'PutUserPolicy', { UserName: 'deployer', PolicyName: name, PolicyDocument });
      expect(put.status).toBe(200);
    }
    const { body } = await root('iam', 'CreateAccessKey', { UserName: 'deployer' });
    const [, accessKeyId = ''] = /<AccessKeyId>([^<]+)</.exec(body) ?? [];
    const [, secretAccessKey = ''] = /<SecretAccessKey>([^<]+)</.exec(body) ?? [];
    credentials = { accessKeyId, secretAccessKey };
    return createQuery(scene.emulator, credentials, REGION);
  }

  test(
    'is uploaded with its zips',
    async () => {
      await scene.s3.send(new CreateBucketCommand({ Bucket: CODE_BUCKET }));
      const known = v.parse(Template, JSON.parse(await readFile(path.join(plain, 'template.json'), 'utf8')));
      for (const [id, { Type: type, Properties: properties }] of Object.entries(known.Resources)) {
        if (!UNKNOWN.includes(type) && !(type === 'AWS::CloudWatch::Alarm' && 'Metrics' in properties)) continue;
        left.push(id);
        delete known.Resources[id];
      }
      for (const resource of Object.values(known.Resources)) delete resource['UpdatePolicy'];
      await writeFile(path.join(plain, 'template.json'), JSON.stringify(known));
      const zips = (await readdir(path.join(plain, 'code'))).map((name) => path.join('code', name));
      for (const name of ['template.json', ...zips]) {
        const Body = await readFile(path.join(plain, name));
        await scene.s3.send(
          new PutObjectCommand({ Bucket: CODE_BUCKET, Key: `${PREFIX}${path.basename(name)}`, Body }),
        );
      }
      expect(zips).toHaveLength((await listFunctions()).length);
    },
    LONG,
  );

  test('is refused for one of a pair, by its name, before anything is made', async () => {
    const parameters = { ...code, JwtIssuer: 'https://id.example.com' };
    const refused = await askForChange(deployer, { action: 'CreateStack', name: NAME, template, parameters });
    expect([refused.status, refused.body]).toEqual([400, expect.stringContaining('JwtIssuer needs JwtAudience')]);
    expect((await waitForStack(deployer, NAME)).status).toBe('GONE');
  });

  test(
    'is deployed by the deployer',
    async () => {
      const asked = await askForChange(deployer, { action: 'CreateStack', name: NAME, template, parameters: code });
      expect([asked.status, asked.body]).toEqual([200, expect.stringContaining('<StackId>')]);
      expect(await waitForStack(deployer, NAME)).toEqual({ status: 'CREATE_COMPLETE', why: '' });
      await scene.s3.send(new HeadBucketCommand({ Bucket: BUCKET }));
    },
    LONG,
  );

  /**
   * What options change, as far as the emulator keeps it: of functions and the bucket it keeps no key, of
   * functions no network.
   */
  async function readState() {
    const target = '/2015-03-31/functions/signet-dev-receive-push/configuration';
    const { body: configuration } = await scene.emulator.ask({ service: 'lambda', path: target });
    const QueueUrl = `${scene.emulator.endpoint}/${ACCOUNT}/signet-dev-push`;
    const queue = await scene.call('sqs', 'AmazonSQS.GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    const logs = await scene.call('logs', 'Logs_20140328.DescribeLogGroups', { logGroupNamePrefix: LOG_GROUP });
    return {
      environment: v.parse(Configuration, JSON.parse(configuration)).Environment.Variables,
      queueKey: v.parse(Queue, JSON.parse(queue.body)).Attributes.KmsMasterKeyId,
      logKey: v.parse(Logs, JSON.parse(logs.body)).logGroups[0].kmsKeyId,
    };
  }

  const update = async (parameters: Readonly<Record<string, string>>) => {
    const given = { ...code, ...parameters };
    const asked = await askForChange(deployer, { action: 'UpdateStack', name: NAME, template, parameters: given });
    expect([asked.status, asked.body]).toEqual([200, expect.stringContaining('<StackId>')]);
    return await waitForStack(deployer, NAME);
  };

  test(
    'an update turns every option on that the emulator knows, and another one turns them off again',
    async () => {
      const before = await readState();
      const key = await createKey();
      const options = {
        JwtIssuer: 'https://id.example.com/',
        JwtAudience: 'signet',
        Cdn: 'true',
        EdgeSecret: await createEdgeSecret(),
        PermissionsBoundary: `arn:aws:iam::${ACCOUNT}:policy/boundary`,
        BucketKey: key,
        QueueKey: key,
        LogKey: key,
        EnvironmentKey: key,
        VpcSubnets: 'subnet-00000001',
        VpcSecurityGroups: 'sg-00000001',
        Proxy: 'http://proxy.example.com:3128',
        NoProxy: '.example.com',
      };
      expect(await update(options)).toEqual({ status: 'UPDATE_COMPLETE', why: '' });
      expect(await readState()).toMatchObject({
        environment: { HTTPS_PROXY: 'http://proxy.example.com:3128', SIGNET_EDGE: options.EdgeSecret },
        queueKey: key,
        logKey: key,
      });
      const defaults = Object.keys(options).map((name) => [name, name === 'Cdn' ? 'false' : ''] as const);
      expect(await update(Object.fromEntries(defaults))).toEqual({ status: 'UPDATE_COMPLETE', why: '' });
      expect(await readState()).toEqual(before);
    },
    LONG,
  );

  async function createKey(): Promise<string> {
    const { body } = await scene.call('kms', 'TrentService.CreateKey', {});
    return v.parse(v.object({ KeyMetadata: v.object({ Arn: v.string() }) }), JSON.parse(body)).KeyMetadata.Arn;
  }

  async function createEdgeSecret(): Promise<string> {
    const secret = { Name: 'edge', SecretString: 'e'.repeat(32) };
    const { body } = await scene.call('secretsmanager', 'secretsmanager.CreateSecret', secret);
    return v.parse(v.object({ ARN: v.string() }), JSON.parse(body)).ARN;
  }

  test(
    'functions get versions and an alias by an update, and lose the alias by another one',
    async () => {
      const target = '/2015-03-31/functions/signet-dev-receive-push/aliases/live';
      const refused = { GradualDeployment: 'AllAtOnce', Proxy: 'http://proxy.example.com:3128' };
      const given = { ...code, ...refused };
      const asked = await askForChange(deployer, { action: 'UpdateStack', name: NAME, template, parameters: given });
      const words = 'with GradualDeployment Proxy is changed by packaging again';
      expect([asked.status, asked.body]).toEqual([400, expect.stringContaining(words)]);
      expect(await update({ GradualDeployment: 'AllAtOnce' })).toEqual({ status: 'UPDATE_COMPLETE', why: '' });
      const alias = await scene.emulator.ask({ service: 'lambda', path: target });
      expect([alias.status, alias.body]).toEqual([200, expect.stringContaining('"FunctionVersion": "1"')]);
      expect(await update({ GradualDeployment: '' })).toEqual({ status: 'UPDATE_COMPLETE', why: '' });
      expect((await scene.emulator.ask({ service: 'lambda', path: target })).status).toBe(404);
    },
    LONG,
  );

  /**
   * Calls that CloudFormation makes in the deployer's name, for a resource of a stage. Of rules and aliases the emulator
   * does not say which one it asks for.
   */
  const CALLS: readonly (readonly [name: string, call: (stage: string) => Asked])[] = [
    ['a queue is made', (stage) => toJson('sqs', 'AmazonSQS.CreateQueue', { QueueName: `signet-${stage}-own` })],
    [
      'a log group is made',
      (stage) => toJson('logs', 'Logs_20140328.CreateLogGroup', { logGroupName: `/aws/lambda/signet-${stage}-own` }),
    ],
    ['a bucket is made', (stage) => ({ method: 'PUT', service: 's3', path: `/signet-${stage}-own` })],
    ['a function is read', (stage) => toLambda('GET', `signet-${stage}-reverify`)],
    ['a function is deleted', (stage) => toLambda('DELETE', `signet-${stage}-own`)],
    ['a role is read', (stage) => toForm('iam', { Action: 'GetRole', RoleName: `signet-${stage}-own` })],
    ['a role is deleted', (stage) => toForm('iam', { Action: 'DeleteRole', RoleName: `signet-${stage}-own` })],
  ];

  test.each(CALLS)('%s by the deployer for this stage, and for no other', async (_, call) => {
    const ask = createCaller(scene.emulator, credentials, REGION);
    const [own, other] = [await ask(call('dev')), await ask(call('prod'))];
    expect(own.body).not.toMatch(REFUSED);
    expect(other.body).toMatch(REFUSED);
  });

  test('nothing is done by the deployer that no stack needs', async () => {
    const ask = createCaller(scene.emulator, credentials, REGION);
    const refused = [
      toForm('iam', { Action: 'CreateUser', UserName: 'more' }),
      toForm('iam', {
        Action: 'AttachRolePolicy',
        RoleName: 'signet-dev-own',
        PolicyArn: 'arn:aws:iam::aws:policy/Any',
      }),
      { method: 'DELETE', service: 's3', path: `/${BUCKET}` },
      { service: 's3', path: `/${BUCKET}/trust/ocp/current` },
      toJson('secretsmanager', 'secretsmanager.GetSecretValue', { SecretId: 'webhooks' }),
      toLambda('POST', 'signet-dev-reverify/invocations'),
    ];
    for (const asked of refused) expect([asked.path, (await ask(asked)).status]).toEqual([asked.path, 403]);
  });

  test('is changed by nobody without the deployer’s policy', async () => {
    await root('iam', 'CreateUser', { UserName: 'other' });
    const { body } = await root('iam', 'CreateAccessKey', { UserName: 'other' });
    const [, accessKeyId = ''] = /<AccessKeyId>([^<]+)</.exec(body) ?? [];
    const [, secretAccessKey = ''] = /<SecretAccessKey>([^<]+)</.exec(body) ?? [];
    const other = createQuery(scene.emulator, { accessKeyId, secretAccessKey }, REGION);
    const refused = await askForChange(other, { action: 'DeleteStack', name: NAME });
    expect([refused.status, refused.body]).toEqual([403, expect.stringContaining('AccessDenied')]);
    const elsewhere = await askForChange(deployer, { action: 'DeleteStack', name: 'signet-prod' });
    expect(elsewhere.status).toBe(403);
  });

  test(
    'is removed by the deployer, but for the bucket',
    async () => {
      expect((await askForChange(deployer, { action: 'DeleteStack', name: NAME })).status).toBe(200);
      expect(['GONE', 'DELETE_COMPLETE']).toContain((await waitForStack(root, NAME)).status);
      await scene.s3.send(new HeadBucketCommand({ Bucket: BUCKET }));
    },
    LONG,
  );

  test(
    'the bucket that stayed is imported into a new stack, which is then deployed over it',
    async () => {
      const text = await readFile(path.join(plain, 'template.json'), 'utf8');
      const { ObjectsBucket: bucket } = v.parse(Template, JSON.parse(text)).Resources;
      const BucketName = bucket?.Properties['BucketName'];
      const Resources = {
        ObjectsBucket: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain', Properties: { BucketName } },
      };
      const asked = await deployer('cloudformation', 'CreateChangeSet', {
        StackName: NAME,
        ChangeSetName: 'import',
        ChangeSetType: 'IMPORT',
        TemplateBody: JSON.stringify({ Resources }),
        'ResourcesToImport.member.1.ResourceType': 'AWS::S3::Bucket',
        'ResourcesToImport.member.1.LogicalResourceId': 'ObjectsBucket',
        'ResourcesToImport.member.1.ResourceIdentifier.entry.1.key': 'BucketName',
        'ResourcesToImport.member.1.ResourceIdentifier.entry.1.value': BUCKET,
      });
      expect([asked.status, asked.body]).toEqual([200, expect.stringContaining('<StackId>')]);
      const changeSet = { StackName: NAME, ChangeSetName: 'import' };
      expect((await deployer('cloudformation', 'ExecuteChangeSet', changeSet)).status).toBe(200);
      expect(await waitForStack(deployer, NAME)).toMatchObject({ status: 'IMPORT_COMPLETE' });
      expect(await update({})).toMatchObject({ status: 'UPDATE_COMPLETE' });
    },
    LONG,
  );
});

const Configuration = v.object({ Environment: v.object({ Variables: v.record(v.string(), v.string()) }) });
const Queue = v.object({ Attributes: v.object({ KmsMasterKeyId: v.optional(v.string()) }) });
const Logs = v.object({ logGroups: v.tupleWithRest([v.object({ kmsKeyId: v.optional(v.string()) })], v.unknown()) });

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

function toForm(service: string, parameters: Readonly<Record<string, string>>): Asked {
  const body = new URLSearchParams({ Version: '2010-05-08', ...parameters }).toString();
  return { method: 'POST', service, path: '/', headers: FORM, body };
}

function toJson(service: string, target: string, input: object): Asked {
  const version = service === 'sqs' ? '1.0' : '1.1';
  const headers = { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target };
  return { method: 'POST', service, path: '/', headers, body: JSON.stringify(input) };
}

function toLambda(method: string, name: string): Asked {
  return { method, service: 'lambda', path: `/2015-03-31/functions/${name}` };
}

const REFUSED = /AccessDenied|not authorized to perform/;

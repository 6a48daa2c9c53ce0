import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { listFunctions } from '../../../scripts/build-functions.ts';
import { findTool } from '../../support/tools.ts';
import { listGrants } from './grants.ts';
import { packageTemplate } from './package-service.ts';
import { findCircle, findUnresolved, resourcesOf, toSub } from './template.ts';
import { useVariants } from './use-variants.ts';
import { TEMPLATES, VARIANTS } from './variants.ts';

const names = await listFunctions();
const read = useVariants();
const run = promisify(execFile);
const linter = findTool('cfn-lint');

describe.each(TEMPLATES)('the template with %s', (variant) => {
  test('is packaged without a warning', () => {
    expect(read(variant).output).not.toMatch(/warning|deprecat/i);
  });

  test('holds every function of functions/, and no other', () => {
    const functions = resourcesOf(read(variant).template, 'AWS::Lambda::Function').map(
      ([, { Properties: properties }]) => properties['FunctionName'],
    );
    expect(functions.toSorted(compare)).toEqual(names.map((name) => `signet-dev-${name}`));
  });

  test('refers to nothing that is not in it', () => {
    expect(findUnresolved(read(variant).settled)).toEqual([]);
    expect(findUnresolved(read(variant).template)).toEqual([]);
  });

  test('has no resources that wait for each other', () => {
    expect(findCircle(read(variant).settled)).toEqual([]);
    expect(findCircle(read(variant).template)).toEqual([]);
  });

  test('gives no role more than functions have, and none everything but X-Ray and interfaces, which know no resources', () => {
    const roles = resourcesOf(read(variant).settled, 'AWS::IAM::Role')
      .filter(([, role]) => JSON.stringify(role).includes('lambda.amazonaws.com'))
      .map(([id]) => id);
    expect(roles).toHaveLength(names.length);
    const grants = roles.flatMap((role) => listGrants(read(variant).settled, role));
    const broad = grants.filter(({ action, resource, prefix = '' }) =>
      [/\*/.test(action), /^\*|:::[^/]*\*|:::[^/]*\/\*/.test(resource), prefix.startsWith('*')].includes(true),
    );
    expect([...new Set(broad.map(({ action, resource }) => `${action} ${resource}`))]).toEqual([
      'xray:PutTraceSegments *',
      'xray:PutTelemetryRecords *',
      ...(variant === 'defaults' ? [] : INTERFACES.map((action) => `${action} *`)),
    ]);
  });

  test('names what an account has once for all regions by stage and region', () => {
    const named = Object.entries(read(variant).settled.Resources).flatMap(
      ([id, { Type: type, Properties: properties }]) => {
        const key = GLOBAL[type];
        const isEverywhere = type.startsWith('AWS::WAFv2::') && properties['Scope'] !== 'CLOUDFRONT';
        return key === undefined || isEverywhere
          ? []
          : [[id, key.map((name) => properties[name] ?? findName(properties))] as const];
      },
    );
    expect(named.length).toBeGreaterThan(names.length);
    const isFree = (name: unknown): boolean => name === undefined;
    const isNamed = (name: unknown): boolean => /signet-dev-.*\$\{AWS::Region\}/.test(JSON.stringify(name));
    expect(named.filter(([, all]) => !all.every((name) => isFree(name) || isNamed(name)))).toEqual([]);
  });

  test('keeps every log for a time', () => {
    const groups = resourcesOf(read(variant).settled, 'AWS::Logs::LogGroup').map(([, { Properties: properties }]) => [
      properties['LogGroupName'],
      properties['RetentionInDays'],
    ]);
    expect(groups.toSorted(compare)).toEqual([
      ...names.map((name) => [`/aws/lambda/signet-dev-${name}`, 30]),
      ['/aws/vendedlogs/http-api/signet-dev', 30],
    ]);
  });

  test.skipIf(linter === undefined)(
    'passes cfn-lint',
    async () => {
      const given = ['--format', 'parseable', '--ignore-checks', ...Object.keys(NOT_OURS), '--regions', 'us-east-1'];
      const { stdout } = await run(linter ?? '', [...given, '--', read(variant).templateFile]).catch(toOutput);
      expect(stdout).toBe('');
    },
    600_000,
  );
});

/** The properties that name what is no region's. */
const GLOBAL: Readonly<Record<string, readonly string[]>> = {
  'AWS::CloudFront::CachePolicy': ['Name'],
  'AWS::CloudFront::Function': ['Name'],
  'AWS::CloudFront::OriginAccessControl': ['Name'],
  'AWS::CloudWatch::Dashboard': ['DashboardName'],
  'AWS::IAM::Role': ['RoleName'],
  'AWS::S3::Bucket': ['BucketName'],
  'AWS::WAFv2::IPSet': ['Name'],
  'AWS::WAFv2::WebACL': ['Name'],
};

/** CloudFront has names of policies inside of their configuration. */
function findName(properties: Readonly<Record<string, unknown>>): unknown {
  const configurations = ['CachePolicyConfig', 'OriginAccessControlConfig'].map((key) => properties[key]);
  const [found] = configurations.filter((one) => v.is(v.object({ Name: v.unknown() }), one));
  return v.is(v.object({ Name: v.unknown() }), found) ? found.Name : undefined;
}

const INTERFACES = ['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DeleteNetworkInterface'];

/** Findings of cfn-lint that are left alone, and why. */
const NOT_OURS = {
  W1020: 'a parameter may name a variable of CloudFormation, or may not',
  W1030: 'an empty parameter, of a resource that is only there when it is not empty',
  W1033: 'an empty parameter again, of a list',
  W3005: 'the packager names dependencies that are clear without',
};

/** A linter that found something fails; what it found is on its output. */
function toOutput(error: unknown): { readonly stdout: string } {
  return v.parse(v.object({ stdout: v.pipe(v.string(), v.minLength(1)) }), error);
}

describe('the checks above', () => {
  test.each([
    ['a role that is not there', { Properties: { Role: { 'Fn::GetAtt': ['NoSuchRole', 'Arn'] } } }, 'NoSuchRole.Arn'],
    [
      'an attribute that a queue has not',
      { Properties: { Url: { 'Fn::GetAtt': ['MirrorQueue', 'Url'] } } },
      'MirrorQueue.Url',
    ],
    ['a Ref to nothing', { Properties: { Name: { Ref: 'NoSuch' } } }, 'NoSuch'],
    ['a DependsOn of nothing', { DependsOn: 'NoSuch', Properties: {} }, 'NoSuch'],
    ['a Ref to what an option adds', { Properties: { Id: { Ref: 'Distribution' } } }, 'Distribution'],
  ])('would not let pass %s', (_, broken, expected) => {
    const { settled } = read('defaults');
    const resources = { ...settled.Resources, Broken: { Type: 'Broken', ...broken } };
    expect(findUnresolved({ ...settled, Resources: resources })).toEqual([expected]);
  });

  test('would not let pass resources that wait for each other', () => {
    const waits = (name: string) => ({ Type: 'Broken', Properties: { Name: { Ref: name } } });
    const resources = { One: waits('Other'), Other: waits('One') };
    expect(findCircle({ ...read('defaults').settled, Resources: resources })).toEqual(['One', 'Other', 'One']);
  });
});

describe('the bucket', () => {
  test.each(VARIANTS)('is private, encrypted, versioned and kept when the stack is gone, with %s', (variant) => {
    const { ObjectsBucket: bucket } = read(variant).settled.Resources;
    expect(bucket).toMatchObject({
      // Not when its own deployment fails: the next one would find the name taken.
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: { ServerSideEncryptionConfiguration: [{}] },
      },
    });
    const locked = { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: OPTION } } };
    expect(bucket?.Properties['ObjectLockConfiguration']).toEqual(variant === 'defaults' ? undefined : locked);
  });

  test.each(VARIANTS)('lets nobody in without TLS, and CloudFront alone by its policy, with %s', (variant) => {
    const statements = readStatements(read(variant).settled.Resources['ObjectsBucketPolicy']?.Properties);
    expect(statements[0]).toMatchObject({ Effect: 'Deny', Principal: '*', Action: 's3:*' });
    expect(statements[0]).toMatchObject({ Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
    const allowed = statements.filter(({ Effect: effect }) => effect === 'Allow');
    expect(allowed.map(({ Sid: id }) => id)).toEqual(variant === 'defaults' ? [] : ['CdnReads', 'CdnTellsAbsent']);
  });

  test.each(VARIANTS)('refuses everybody a put that would replace what is written once, with %s', (variant) => {
    const statements = readStatements(read(variant).settled.Resources['ObjectsBucketPolicy']?.Properties);
    const toResources = (...prefixes: readonly string[]) =>
      prefixes.map((prefix) => ({ 'Fn::Sub': `\${ObjectsBucket.Arn}/${prefix}` }));
    const isWhole = { Bool: { 's3:ObjectCreationOperation': 'true' } };
    const everybody = { Effect: 'Deny', Principal: '*', Action: 's3:PutObject' };
    expect(statements.filter(({ Action: action }) => action === 's3:PutObject')).toEqual([
      {
        Sid: 'WriteOnce',
        ...everybody,
        Resource: toResources(
          'records/*',
          'decisions/new/*',
          'decisions/indexed/*',
          'accepted/*',
          'asked/*',
          'manifests/*',
          'quarantine/*',
          'seals/*',
          'trust/*/revisions/*',
          'trust/*/published/*',
          'bundles/*/bundle.tar.gz',
        ),
        Condition: { Null: { 's3:if-none-match': 'true' }, ...isWhole },
      },
      {
        Sid: 'WriteKnowingly',
        ...everybody,
        Resource: expect.arrayContaining(
          toResources('signatures/*', 'trust/*/current', 'admission/*', 'attestations/*'),
        ) as unknown,
        Condition: { Null: { 's3:if-none-match': 'true', 's3:if-match': 'true' }, ...isWhole },
      },
    ]);
  });

  test('tells publish-trust of archives and reverify of revisions, who allow it that alone', () => {
    const { settled } = read('defaults');
    expect(settled.Resources['ObjectsBucket']?.Properties['NotificationConfiguration']).toMatchObject({
      LambdaConfigurations: [
        {
          Function: { 'Fn::GetAtt': ['PublishDashtrustLambdaFunction', 'Arn'] },
          Filter: { S3Key: { Rules: [{ Value: 'trust-inbox/' }, { Value: '.tar.gz' }] } },
        },
        {
          Function: { 'Fn::GetAtt': ['ReverifyLambdaFunction', 'Arn'] },
          Filter: { S3Key: { Rules: [{ Value: 'trust/' }, { Value: '/current' }] } },
        },
      ],
    });
    for (const id of ['PublishTrustPermission', 'ReverifyPermission']) {
      expect(settled.Resources[id]?.Properties).toMatchObject({
        Principal: 's3.amazonaws.com',
        SourceAccount: { Ref: 'AWS::AccountId' },
        SourceArn: toSub('arn:<AWS::Partition>:s3:::signet-dev-<AWS::AccountId>-<AWS::Region>'),
      });
    }
  });

  test('forgets what is only kept to be looked at again, and never records, trust or signatures', () => {
    const { Rules: rules } = v.parse(
      v.object({ Rules: v.array(v.looseObject({ Prefix: v.optional(v.string()) })) }),
      read('defaults').template.Resources['ObjectsBucket']?.Properties['LifecycleConfiguration'],
    );
    const [Status, later] = ['Enabled', { NoncurrentVersionExpiration: { NoncurrentDays: 30 } }];
    expect(rules).toEqual([
      { Id: 'AbortUnfinishedUploads', Status, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
      {
        Id: 'ForgetAccepted',
        Status,
        Prefix: 'accepted/',
        ExpirationInDays: 100,
        NoncurrentVersionExpiration: { NoncurrentDays: 100 },
      },
      { Id: 'ForgetFormerVerdicts', Status, Prefix: 'verdicts/', ...later },
      {
        Id: 'ForgetFormerEntries',
        Status,
        Prefix: 'decisions/',
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
        ExpiredObjectDeleteMarker: true,
      },
      { Id: 'ForgetFormerSweeps', Status, Prefix: 'reverify/', ...later },
      { Id: 'ForgetFormerAbsences', Status, Prefix: 'absent/', ...later },
      { Id: 'ForgetFormerGraphs', Status, Prefix: 'graph/', ...later },
      {
        Id: 'ForgetReusableVerdicts',
        Status,
        Prefix: 'admission/',
        ExpirationInDays: 1,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
      {
        Id: 'ForgetBundles',
        Status,
        Prefix: 'bundles/',
        ExpirationInDays: 30,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
    ]);
  });
});

const OPTION = { Ref: 'ObjectLockDays' };

function readStatements(properties: unknown): readonly Readonly<Record<string, unknown>>[] {
  const Policy = v.object({ PolicyDocument: v.object({ Statement: v.array(v.record(v.string(), v.unknown())) }) });
  return v.parse(Policy, properties).PolicyDocument.Statement;
}

function compare(one: unknown, other: unknown): number {
  return String(one) < String(other) ? -1 : 1;
}

describe('a package without a page', () => {
  test('takes no client of the page, neither when it is packaged nor when the template is deployed', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'signet-pageless-'));
    const given = { jwtIssuer: 'https://id.example.com', jwtAudience: 'signet', pageClient: 'console' };
    await expect(packageTemplate(path.join(directory, 'one'), given, false)).rejects.toMatchObject({
      stdout: expect.stringContaining('pageClient: the page is not built: run npm run console') as unknown,
    });
    const { template } = await packageTemplate(path.join(directory, 'other'), {}, false);
    expect(template.Rules).toHaveProperty('PageClientNeedsPage');
    expect(read('defaults').template.Rules).not.toHaveProperty('PageClientNeedsPage');
    await rm(directory, { recursive: true });
  });
});

import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { resourcesOf, toSub } from './template.ts';
import { useVariants } from './use-variants.ts';

const read = useVariants();

const Origin = v.object({
  Id: v.string(),
  OriginPath: v.optional(v.string(), ''),
  DomainName: v.unknown(),
  OriginAccessControlId: v.unknown(),
  S3OriginConfig: v.unknown(),
});
const Behavior = v.strictObject({
  PathPattern: v.optional(v.string()),
  TargetOriginId: v.string(),
  ViewerProtocolPolicy: v.string(),
  AllowedMethods: v.array(v.string()),
  CachedMethods: v.array(v.string()),
  Compress: v.boolean(),
  CachePolicyId: v.unknown(),
  FunctionAssociations: v.array(v.object({ EventType: v.string(), FunctionARN: v.unknown() })),
});
const Distribution = v.object({
  DistributionConfig: v.object({
    Aliases: v.array(v.unknown()),
    ViewerCertificate: v.unknown(),
    Origins: v.array(Origin),
    DefaultCacheBehavior: Behavior,
    CacheBehaviors: v.array(Behavior),
    CustomErrorResponses: v.unknown(),
    Logging: v.optional(v.undefined()),
    DefaultRootObject: v.optional(v.undefined()),
  }),
});

function readDistribution(): v.InferOutput<typeof Distribution>['DistributionConfig'] {
  const { settled } = read('every option');
  return v.parse(Distribution, settled.Resources['Distribution']?.Properties).DistributionConfig;
}

describe('the CDN', () => {
  test('is there only when it is asked for', () => {
    const { settled } = read('defaults');
    const types = Object.values(settled.Resources).map(({ Type: type }) => type);
    expect(types.filter((type) => type.startsWith('AWS::CloudFront'))).toEqual([]);
    expect(settled.Resources['ReverifyLambdaFunction']).toMatchObject({
      Properties: { Environment: { Variables: { SIGNET_DISTRIBUTION: '' } } },
    });
  });

  test('sends the paths of signatures to the bucket, and any other nowhere', () => {
    const { DefaultCacheBehavior: other, CacheBehaviors: behaviors } = readDistribution();
    expect(other).toMatchObject({ TargetOriginId: 'nothing' });
    expect(behaviors.map(({ PathPattern: pattern, TargetOriginId: origin }) => [pattern, origin])).toEqual([
      ['/signatures/*', 'mirror'],
      ['/lookaside/*', 'mirror'],
      ['/api/upgrades_info/signatures/*', 'mirror'],
    ]);
  });

  test('can ask for no listing: an origin that a root could reach is a folder that it may not read', () => {
    const { Origins: origins } = readDistribution();
    expect(origins.map(({ Id: id, OriginPath: path }) => [id, path])).toEqual([
      ['mirror', ''],
      ['nothing', '/nothing'],
    ]);
    const [, ...allowed] = readBucketStatements();
    expect(allowed).toEqual([
      {
        Sid: 'CdnReads',
        Effect: 'Allow',
        Principal: { Service: 'cloudfront.amazonaws.com' },
        Action: 's3:GetObject',
        Resource: [toSub('<ObjectsBucket.Arn>/signatures/*'), toSub('<ObjectsBucket.Arn>/lookaside/*')],
        Condition: FROM_CDN,
      },
      {
        Sid: 'CdnTellsAbsent',
        Effect: 'Allow',
        Principal: { Service: 'cloudfront.amazonaws.com' },
        Action: 's3:ListBucket',
        Resource: { 'Fn::GetAtt': ['ObjectsBucket', 'Arn'] },
        Condition: { ...FROM_CDN, StringLikeIfExists: { 's3:prefix': ['signatures/*', 'lookaside/*'] } },
      },
    ]);
  });

  test('calls its functions on every request: no behaviour is without', () => {
    const { DefaultCacheBehavior: other, CacheBehaviors: behaviors } = readDistribution();
    for (const { PathPattern: _, TargetOriginId: __, ...behavior } of [other, ...behaviors]) {
      expect(behavior).toEqual({
        ViewerProtocolPolicy: 'https-only',
        AllowedMethods: ['GET', 'HEAD'],
        CachedMethods: ['GET', 'HEAD'],
        Compress: false,
        CachePolicyId: { Ref: 'MirrorCachePolicy' },
        FunctionAssociations: [
          { EventType: 'viewer-request', FunctionARN: toFunctionArn('RouteSignature') },
          { EventType: 'viewer-response', FunctionARN: toFunctionArn('MarkSignature') },
        ],
      });
    }
  });

  test('forwards the path alone, and keeps a hit 300 s, a miss 60', () => {
    expect(read('every option').settled.Resources['MirrorCachePolicy']?.Properties).toMatchObject({
      CachePolicyConfig: {
        MinTTL: 0,
        DefaultTTL: 300,
        MaxTTL: 300,
        ParametersInCacheKeyAndForwardedToOrigin: {
          EnableAcceptEncodingGzip: false,
          EnableAcceptEncodingBrotli: false,
          CookiesConfig: { CookieBehavior: 'none' },
          HeadersConfig: { HeaderBehavior: 'none' },
          QueryStringsConfig: { QueryStringBehavior: 'none' },
        },
      },
    });
    expect(readDistribution().CustomErrorResponses).toEqual([
      { ErrorCode: 404, ErrorCachingMinTTL: 60 },
      { ErrorCode: 403, ErrorCachingMinTTL: 5 },
    ]);
    expect(resourcesOf(read('every option').settled, 'AWS::CloudFront::OriginRequestPolicy')).toEqual([]);
  });

  test('signs what it asks the bucket for', () => {
    expect(read('every option').settled.Resources['MirrorAccess']?.Properties).toMatchObject({
      OriginAccessControlConfig: {
        OriginAccessControlOriginType: 's3',
        SigningBehavior: 'always',
        SigningProtocol: 'sigv4',
      },
    });
    for (const origin of readDistribution().Origins) {
      expect(origin).toMatchObject({ OriginAccessControlId: { 'Fn::GetAtt': ['MirrorAccess', 'Id'] } });
    }
  });

  test('has the name that is given, with TLS 1.2 or later', () => {
    const { Aliases: aliases, ViewerCertificate: certificate } = readDistribution();
    expect(aliases).toEqual([{ Ref: 'CdnDomain' }]);
    expect(certificate).toEqual({
      AcmCertificateArn: { Ref: 'CdnCertificate' },
      SslSupportMethod: 'sni-only',
      MinimumProtocolVersion: 'TLSv1.2_2021',
    });
  });

  test('has its copies dropped by reverify', () => {
    expect(read('every option').settled.Resources['ReverifyLambdaFunction']).toMatchObject({
      Properties: { Environment: { Variables: { SIGNET_DISTRIBUTION: { Ref: 'Distribution' } } } },
    });
  });
});

const FROM_CDN = {
  StringEquals: {
    'aws:SourceArn': toSub('arn:<AWS::Partition>:cloudfront::<AWS::AccountId>:distribution/<Distribution>'),
  },
};

function toFunctionArn(id: string): object {
  return { 'Fn::GetAtt': [id, 'FunctionMetadata.FunctionARN'] };
}

function readBucketStatements(): readonly unknown[] {
  return v.parse(
    v.object({ PolicyDocument: v.object({ Statement: v.array(v.unknown()) }) }),
    read('every option').settled.Resources['ObjectsBucketPolicy']?.Properties,
  ).PolicyDocument.Statement;
}

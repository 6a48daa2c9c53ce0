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
/** Where the open routes that are no signatures go, with the secret that the CDN shows. */
const ApiOrigin = v.strictObject({
  Id: v.literal('api'),
  DomainName: v.unknown(),
  CustomOriginConfig: v.unknown(),
  OriginCustomHeaders: v.unknown(),
});
const ApiBehavior = v.strictObject({
  PathPattern: v.string(),
  TargetOriginId: v.literal('api'),
  ViewerProtocolPolicy: v.literal('https-only'),
  AllowedMethods: v.array(v.string()),
  CachedMethods: v.array(v.string()),
  Compress: v.literal(false),
  CachePolicyId: v.string(),
  OriginRequestPolicyId: v.string(),
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
    Origins: v.array(v.union([Origin, ApiOrigin])),
    DefaultCacheBehavior: Behavior,
    CacheBehaviors: v.array(v.union([Behavior, ApiBehavior])),
    CustomErrorResponses: v.unknown(),
    Logging: v.optional(v.undefined()),
    DefaultRootObject: v.optional(v.undefined()),
  }),
});

function readDistribution(variant: 'every option' | 'the other options' = 'every option') {
  const { settled } = read(variant);
  const config = v.parse(Distribution, settled.Resources['Distribution']?.Properties).DistributionConfig;
  const { Origins: origins, CacheBehaviors: behaviors } = config;
  return {
    ...config,
    Origins: origins.filter((origin) => v.is(Origin, origin)),
    CacheBehaviors: behaviors.filter((behavior) => v.is(Behavior, behavior)),
    api: {
      origins: origins.filter((origin) => v.is(ApiOrigin, origin)),
      behaviors: behaviors.filter((behavior) => v.is(ApiBehavior, behavior)),
    },
  };
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
      ['/pub/openshift-v4/signatures/openshift/release/*', 'mirror'],
      ['/openshift-release/official/signatures/openshift/release/*', 'mirror'],
    ]);
  });

  test('can ask for no listing: an origin that a root could reach is a folder that it may not read', () => {
    const { Origins: origins } = readDistribution();
    expect(origins.map(({ Id: id, OriginPath: path }) => [id, path])).toEqual([
      ['mirror', ''],
      ['nothing', '/nothing'],
    ]);
    const allowed = readBucketStatements().filter(({ Effect: effect }) => effect === 'Allow');
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

  test('passes open routes to the API with its secret, uncached, and only where there is one', () => {
    const { origins, behaviors } = readDistribution().api;
    expect(origins).toEqual([
      {
        Id: 'api',
        DomainName: { Ref: 'Domain' },
        CustomOriginConfig: {
          OriginProtocolPolicy: 'https-only',
          OriginSSLProtocols: ['TLSv1.2'],
          OriginReadTimeout: 30,
        },
        OriginCustomHeaders: [
          { HeaderName: 'x-signet-edge', HeaderValue: toSub('{{resolve:secretsmanager:<EdgeSecret>}}') },
        ],
      },
    ]);
    expect(behaviors.map(({ PathPattern: pattern }) => pattern)).toEqual(['/webhooks/*', '/admission/*', '/healthz']);
    expect(new Set(behaviors.map(({ CachePolicyId: policy }) => policy))).toEqual(new Set([CACHING_DISABLED]));
    expect(readDistribution('the other options').api).toEqual({ origins: [], behaviors: [] });
  });

  test('has the web ACL that is given, or one of the ranges that are let in, which blocks everybody else', () => {
    const aclOf = (variant: 'every option' | 'the other options') => {
      const Config = v.object({ DistributionConfig: v.object({ WebACLId: v.unknown() }) });
      return v.parse(Config, read(variant).settled.Resources['Distribution']?.Properties).DistributionConfig.WebACLId;
    };
    expect(aclOf('the other options')).toEqual({ Ref: 'WebAcl' });
    expect(resourcesOf(read('the other options').settled, 'AWS::WAFv2::WebACL')).toEqual([]);
    expect(aclOf('every option')).toEqual({ 'Fn::GetAtt': ['AllowList', 'Arn'] });
    expect(read('every option').settled.Resources['AllowList']?.Properties).toMatchObject({
      Scope: 'CLOUDFRONT',
      DefaultAction: { Block: {} },
      Rules: ['AllowedIpv4Set', 'AllowedIpv6Set'].map((id) => ({
        Action: { Allow: {} },
        Statement: { IPSetReferenceStatement: { Arn: { 'Fn::GetAtt': [id, 'Arn'] } } },
      })),
    });
  });

  test('has its copies dropped by reverify', () => {
    expect(read('every option').settled.Resources['ReverifyLambdaFunction']).toMatchObject({
      Properties: { Environment: { Variables: { SIGNET_DISTRIBUTION: { Ref: 'Distribution' } } } },
    });
  });
});

/** AWS's own policy. */
const CACHING_DISABLED = '4135ea2d-6df8-44a3-9df3-4b5a84be39ad';

const FROM_CDN = {
  StringEquals: {
    'aws:SourceArn': toSub('arn:<AWS::Partition>:cloudfront::<AWS::AccountId>:distribution/<Distribution>'),
  },
};

function toFunctionArn(id: string): object {
  return { 'Fn::GetAtt': [id, 'FunctionMetadata.FunctionARN'] };
}

function readBucketStatements() {
  return v.parse(
    v.object({ PolicyDocument: v.object({ Statement: v.array(v.looseObject({ Effect: v.string() })) }) }),
    read('every option').settled.Resources['ObjectsBucketPolicy']?.Properties,
  ).PolicyDocument.Statement;
}

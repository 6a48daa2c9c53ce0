import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { ROUTES } from '../../../local/routes.ts';
import { listFunctions } from '../../../scripts/build-functions.ts';
import { resourcesOf, toSub } from './template.ts';
import { useVariants } from './use-variants.ts';
import { VARIANTS, type Variant } from './variants.ts';

const names = await listFunctions();
const read = useVariants();

const Route = v.object({
  RouteKey: v.string(),
  Target: v.object({ 'Fn::Join': v.unknown() }),
  AuthorizationType: v.optional(v.string(), 'NONE'),
  AuthorizerId: v.optional(v.unknown()),
  AuthorizationScopes: v.optional(v.unknown()),
});

function readRoutes(variant: Variant): readonly v.InferOutput<typeof Route>[] {
  return resourcesOf(read(variant).settled, 'AWS::ApiGatewayV2::Route').map(([, { Properties: properties }]) =>
    v.parse(Route, properties),
  );
}

const OPEN = [
  'GET /api/upgrades_info/signatures/{path+}',
  'GET /healthz',
  'GET /lookaside/{path+}',
  'GET /openshift-release/official/signatures/openshift/release/{path+}',
  'GET /pub/openshift-v4/signatures/openshift/release/{path+}',
  'GET /signatures/{path+}',
  'HEAD /api/upgrades_info/signatures/{path+}',
  'HEAD /lookaside/{path+}',
  'HEAD /openshift-release/official/signatures/openshift/release/{path+}',
  'HEAD /pub/openshift-v4/signatures/openshift/release/{path+}',
  'HEAD /signatures/{path+}',
  'OPTIONS /webhooks/{source}',
  'OPTIONS /webhooks/{source}/{token}',
  'POST /admission/{path+}',
  'POST /webhooks/{source}',
  'POST /webhooks/{source}/{token}',
];

/** What asks for nothing of a page, and is there where there is one. */
const OF_PAGE = ['GET /', 'GET /console.json', 'GET /console/{path+}', 'HEAD /', 'HEAD /console/{path+}'];

/** What has a permission of its own. */
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  'POST /v1/verify/forced': ['signet/force'],
  'POST /v1/dead-letters/redrive': ['signet/redrive'],
};

describe('the API', () => {
  test('has the routes of the service on one machine', () => {
    const routes = readRoutes('every option').map(({ RouteKey: key, Target: target }) => {
      const [, handler] = names
        .map((name) => [`HttpApiIntegration${toLogicalId(name)}`, name] as const)
        .find(([id]) => JSON.stringify(target).includes(`"${id}"`)) ?? ['', 'none'];
      return `${key} ${handler}`;
    });
    const expected = ROUTES.map(({ method, path: route, handler }) => `${method} ${route} ${handler}`);
    expect(routes.toSorted(compare)).toEqual(expected.toSorted(compare));
  });

  test('has no route of the page where nobody can sign in to it', () => {
    const without = ROUTES.filter(({ handler }) => handler !== 'serve-page');
    expect(
      readRoutes('defaults')
        .map(({ RouteKey: key }) => key)
        .toSorted(compare),
    ).toEqual(without.map(({ method, path: route }) => `${method} ${route}`).toSorted(compare));
  });

  test.each(VARIANTS)(
    'lets in without a credential to signatures, health, webhooks, admission and files of the page alone, with %s',
    (variant) => {
      const open = readRoutes(variant).filter(({ AuthorizationType: type }) => type === 'NONE');
      const expected = variant === 'defaults' ? OPEN : [...OPEN, ...OF_PAGE];
      expect(open.map(({ RouteKey: key }) => key).toSorted(compare)).toEqual(expected.toSorted(compare));
    },
  );

  test('asks for IAM by default', () => {
    const closed = readRoutes('defaults').filter(({ RouteKey: key }) => !OPEN.includes(key));
    expect(closed.map(({ AuthorizationType: type }) => type)).toEqual(closed.map(() => 'AWS_IAM'));
    expect(closed.filter(({ AuthorizerId: id }) => id !== undefined)).toEqual([]);
    expect(resourcesOf(read('defaults').settled, 'AWS::ApiGatewayV2::Authorizer')).toEqual([]);
  });

  test('asks for a JWT of the issuer that is given, and for a scope besides to force', () => {
    const closed = readRoutes('every option').filter(({ RouteKey: key }) => ![...OPEN, ...OF_PAGE].includes(key));
    for (const { RouteKey: key, ...route } of closed) {
      expect([key, route]).toMatchObject([key, { AuthorizationType: 'JWT', AuthorizerId: { Ref: 'JwtAuthorizer' } }]);
      expect([key, route.AuthorizationScopes]).toEqual([key, SCOPES[key]]);
    }
    const [[, authorizer] = []] = resourcesOf(read('every option').settled, 'AWS::ApiGatewayV2::Authorizer');
    expect(authorizer?.Properties).toMatchObject({
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Issuer: { Ref: 'JwtIssuer' }, Audience: { 'Fn::Split': [',', { Ref: 'JwtAudience' }] } },
    });
  });

  test.each(VARIANTS)('has one name, with %s', (variant) => {
    const { settled } = read(variant);
    const isNamed = variant === 'every option';
    expect(settled.Resources['HttpApi']?.Properties['DisableExecuteApiEndpoint']).toBe(isNamed);
    const named = ['AWS::ApiGatewayV2::DomainName', 'AWS::ApiGatewayV2::ApiMapping'].flatMap((type) =>
      resourcesOf(settled, type).map(([id]) => id),
    );
    expect(named).toEqual(isNamed ? ['ApiDomain', 'ApiMapping'] : []);
  });

  test.each(VARIANTS)('says its own URL, with %s', (variant) => {
    const value = v.parse(v.object({ Value: v.unknown() }), read(variant).settled.Outputs['HttpApiUrl']).Value;
    const own = toSub('<HttpApi>.execute-api.<AWS::Region>.<AWS::URLSuffix>');
    expect(value).toEqual({ 'Fn::Join': ['https://', ['', variant === 'defaults' ? own : { Ref: 'Domain' }]] });
  });

  test('keeps executions for no function unless a deployment says how many', () => {
    const listReserved = (variant: Variant) =>
      resourcesOf(read(variant).settled, 'AWS::Lambda::Function').flatMap(([id, { Properties: properties }]) =>
        properties['ReservedConcurrentExecutions'] === undefined ? [] : [id],
      );
    expect(listReserved('defaults')).toEqual([]);
    expect(listReserved('every option')).toEqual([
      'VerifyDashimageLambdaFunction',
      'ReviewDashadmissionLambdaFunction',
    ]);
  });

  test('limits requests', () => {
    expect(read('defaults').template.Resources['HttpApiStage']?.Properties['DefaultRouteSettings']).toEqual({
      DetailedMetricsEnabled: true,
      ThrottlingRateLimit: 200,
      ThrottlingBurstLimit: 400,
    });
  });

  test('logs each request as JSON by its route, never by its path, which may end in a token', () => {
    const { AccessLogSettings: log } = v.parse(
      v.object({ AccessLogSettings: v.object({ DestinationArn: v.unknown(), Format: v.string() }) }),
      read('defaults').template.Resources['HttpApiStage']?.Properties,
    );
    expect(log.DestinationArn).toEqual({ 'Fn::GetAtt': ['ApiLogs', 'Arn'] });
    const named = Object.values(v.parse(v.record(v.string(), v.string()), JSON.parse(log.Format)));
    expect(named).toContain('$context.routeKey');
    expect(named.filter((name) => !LOGGED.includes(name))).toEqual([]);
  });
});

/** Nothing here holds a path, a query, a header or a body. */
const LOGGED = [
  '$context.authorizer.claims.sub',
  '$context.authorizer.error',
  '$context.identity.sourceIp',
  '$context.identity.userArn',
  '$context.integrationErrorMessage',
  '$context.requestId',
  '$context.requestTime',
  '$context.responseLatency',
  '$context.responseLength',
  '$context.routeKey',
  '$context.status',
];

/** As the packager spells a function's name. */
function toLogicalId(name: string): string {
  return (name.slice(0, 1).toUpperCase() + name.slice(1)).replaceAll('-', 'Dash');
}

function compare(one: string, other: string): number {
  return one < other ? -1 : 1;
}

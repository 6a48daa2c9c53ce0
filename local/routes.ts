/** Which function answers which request: the same routes as serverless.yml's, which a test compares. */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST';
  /** As API Gateway spells it: `{name}` is one segment, `{name+}` the rest. */
  readonly path: string;
  readonly handler: FunctionName | LocalName;
}

type LocalName = 'local-events' | 'local-downloads' | 'local-discovery' | 'local-metrics';

export type FunctionName =
  | 'check-pullspec'
  | 'verify-image'
  | 'serve-signature'
  | 'read-records'
  | 'receive-push'
  | 'review-admission'
  | 'export-bundle'
  | 'redrive-letters'
  | 'serve-page';

export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/v1/pullspecs/check', handler: 'check-pullspec' },
  { method: 'POST', path: '/v1/verify', handler: 'verify-image' },
  { method: 'POST', path: '/v1/verify/forced', handler: 'verify-image' },
  { method: 'GET', path: '/v1/verdicts', handler: 'read-records' },
  { method: 'GET', path: '/v1/overview', handler: 'read-records' },
  { method: 'GET', path: '/v1/releases', handler: 'read-records' },
  { method: 'GET', path: '/v1/releases/{digest}', handler: 'read-records' },
  { method: 'GET', path: '/v1/mirror', handler: 'read-records' },
  { method: 'GET', path: '/v1/records/{digest}', handler: 'read-records' },
  { method: 'GET', path: '/v1/records/{digest}/{id}', handler: 'read-records' },
  { method: 'GET', path: '/v1/dead-letters', handler: 'read-records' },
  { method: 'POST', path: '/v1/dead-letters/redrive', handler: 'redrive-letters' },
  { method: 'POST', path: '/v1/explain', handler: 'read-records' },
  { method: 'POST', path: '/v1/configmaps', handler: 'export-bundle' },
  { method: 'POST', path: '/v1/bundles', handler: 'export-bundle' },
  { method: 'GET', path: '/v1/bundles', handler: 'export-bundle' },
  { method: 'GET', path: '/v1/bundles/{id}', handler: 'export-bundle' },
  { method: 'GET', path: '/v1/trust', handler: 'read-records' },
  { method: 'GET', path: '/v1/trust/{profile}/revisions', handler: 'read-records' },
  { method: 'GET', path: '/v1/trust/{profile}/revisions/{revision}', handler: 'read-records' },
  { method: 'GET', path: '/v1/trust/{profile}/changes', handler: 'read-records' },
  { method: 'GET', path: '/healthz', handler: 'read-records' },
  { method: 'POST', path: '/webhooks/{source}', handler: 'receive-push' },
  { method: 'POST', path: '/webhooks/{source}/{token}', handler: 'receive-push' },
  { method: 'OPTIONS', path: '/webhooks/{source}', handler: 'receive-push' },
  { method: 'OPTIONS', path: '/webhooks/{source}/{token}', handler: 'receive-push' },
  { method: 'POST', path: '/admission/{path+}', handler: 'review-admission' },
  { method: 'GET', path: '/signatures/{path+}', handler: 'serve-signature' },
  { method: 'HEAD', path: '/signatures/{path+}', handler: 'serve-signature' },
  { method: 'GET', path: '/lookaside/{path+}', handler: 'serve-signature' },
  { method: 'HEAD', path: '/lookaside/{path+}', handler: 'serve-signature' },
  { method: 'GET', path: '/api/upgrades_info/signatures/{path+}', handler: 'serve-signature' },
  { method: 'HEAD', path: '/api/upgrades_info/signatures/{path+}', handler: 'serve-signature' },
  { method: 'GET', path: '/pub/openshift-v4/signatures/openshift/release/{path+}', handler: 'serve-signature' },
  { method: 'HEAD', path: '/pub/openshift-v4/signatures/openshift/release/{path+}', handler: 'serve-signature' },
  {
    method: 'GET',
    path: '/openshift-release/official/signatures/openshift/release/{path+}',
    handler: 'serve-signature',
  },
  {
    method: 'HEAD',
    path: '/openshift-release/official/signatures/openshift/release/{path+}',
    handler: 'serve-signature',
  },
  { method: 'GET', path: '/', handler: 'serve-page' },
  { method: 'HEAD', path: '/', handler: 'serve-page' },
  { method: 'GET', path: '/console.json', handler: 'serve-page' },
  { method: 'GET', path: '/v1/me', handler: 'serve-page' },
  { method: 'GET', path: '/console/{path+}', handler: 'serve-page' },
  { method: 'HEAD', path: '/console/{path+}', handler: 'serve-page' },
];

/** What there is on one machine alone: in a deployment, EventBridge calls the functions, and S3 gives bundles out. */
export const LOCAL_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/local/events', handler: 'local-events' },
  { method: 'GET', path: '/metrics', handler: 'local-metrics' },
  // As the API server of a cluster calls an API that it aggregates.
  { method: 'GET', path: '/apis/admission.signet/v1', handler: 'local-discovery' },
  { method: 'POST', path: '/apis/admission.signet/v1/{path+}', handler: 'review-admission' },
  { method: 'GET', path: '/v1/bundles/{id}/download', handler: 'local-downloads' },
];

export interface MatchedRoute {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** A segment of a route's path: a text, or the name of a parameter that takes one segment or the rest. */
interface Segment {
  readonly kind: 'text' | 'one' | 'rest';
  readonly name: string;
}

interface Pattern {
  readonly route: Route;
  readonly segments: readonly Segment[];
}

const PATTERNS: readonly Pattern[] = [...ROUTES, ...LOCAL_ROUTES].map((route) => ({
  route,
  segments: route.path.split('/').map(parseSegment),
}));

function parseSegment(text: string): Segment {
  const rest = /^\{(\w+)\+\}$/.exec(text)?.[1];
  if (rest !== undefined) return { kind: 'rest', name: rest };
  const one = /^\{(\w+)\}$/.exec(text)?.[1];
  return one === undefined ? { kind: 'text', name: text } : { kind: 'one', name: one };
}

/** The route of a request; `otherMethods` when the path is known and the method is not. */
export function matchRoute(
  method: string,
  path: string,
): MatchedRoute | { readonly otherMethods: readonly string[] } | undefined {
  const given = path.split('/');
  const otherMethods: string[] = [];
  for (const { route, segments } of PATTERNS) {
    if (!isMatch(segments, given)) continue;
    if (route.method === method) return { route, pathParameters: toParameters(segments, given) };
    otherMethods.push(route.method);
  }
  return otherMethods.length === 0 ? undefined : { otherMethods };
}

/** Makes nothing but the answer: each request is compared with some forty routes, and garbage lengthens the slowest ones. */
function isMatch(expected: readonly Segment[], given: readonly string[]): boolean {
  const isOpenEnded = expected.at(-1)?.kind === 'rest';
  if (isOpenEnded ? given.length < expected.length : given.length !== expected.length) return false;
  return expected.every(({ kind, name }, index) => {
    if (kind === 'text') return given[index] === name;
    // An empty rest is none; one that starts with a slash is more than that.
    return given[index] !== '' || (kind === 'rest' && given.length > expected.length);
  });
}

/** The parameters of a path that matches. */
function toParameters(expected: readonly Segment[], given: readonly string[]): Readonly<Record<string, string>> {
  const parameters = expected.flatMap(({ kind, name }, index) => {
    if (kind === 'text') return [];
    return [[name, given.slice(index, kind === 'rest' ? undefined : index + 1).join('/')] as const];
  });
  return Object.fromEntries(parameters);
}

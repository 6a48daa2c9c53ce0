import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { toProblemDocument } from '../../lib/platform/lambda/http-stack.ts';
import type { SecretSource } from '../../lib/platform/secrets/secret-source.ts';
import { type AskedNames, findForeignName } from '../asked-names.ts';
import type { Route } from '../routes.ts';
import { showsCertificate } from './client-certificates.ts';
import { type Caller, type Credentials, findByCertificate, findByToken, type Role } from './credentials.ts';

/** Who may ask. */
export interface Gate {
  /** On loopback, unless tokens are given: whoever reaches it may use it. */
  readonly isOpen: boolean;
  readonly credentials: SecretSource<Credentials> | undefined;
  /** Whether verified client certificates count. */
  readonly takesCertificates: boolean;
}

export const OPEN_GATE: Gate = { isOpen: true, credentials: undefined, takesCertificates: false };

/** Whether nobody can have a role: what needs none is all that is served. */
export function isShut({ isOpen, credentials, takesCertificates }: Gate): boolean {
  return !isOpen && credentials === undefined && !takesCertificates;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly caller?: Caller }
  | { readonly kind: 'refused'; readonly answer: APIGatewayProxyStructuredResultV2 };

const NOBODY = 'nobody may ask this: the service was started without --auth-token-file and without --client-ca';
const ADMITTED = { kind: 'admitted' } as const;
/** What changes something, or accepts what was rejected. */
const OF_OPERATORS: ReadonlySet<string> = new Set([
  'POST /v1/verify/forced',
  'POST /v1/bundles',
  'POST /v1/dead-letters/redrive',
  'POST /local/events',
]);
/** What has credentials of its own, which its function checks. */
const WITH_OWN: ReadonlySet<Route['handler']> = new Set(['receive-push', 'review-admission']);

/** What a route asks for; a route that is not known, and one that is added, asks for more rather than less. */
function toNeeded(route: Route | undefined): Role | 'nothing' {
  if (route === undefined) return 'reader';
  const { method, path, handler } = route;
  if (OF_OPERATORS.has(`${method} ${path}`)) return 'operator';
  if (WITH_OWN.has(handler) || handler === 'serve-signature' || handler === 'local-discovery') return 'nothing';
  // The page itself holds nothing, and asks for the token.
  if (handler === 'serve-page' && !path.startsWith('/v1/')) return 'nothing';
  return path === '/healthz' ? 'nothing' : 'reader';
}

/** Looks at who asks, before anything of the body is read. @throws StoreError, ConfigurationError of the credentials */
export async function admitRequest(
  request: IncomingMessage,
  route: Route | undefined,
  names: AskedNames,
  gate: Gate,
): Promise<Admission> {
  const foreign = findForeignPage(request, route, names);
  if (foreign !== undefined) return refuse(403, 'NameNotAllowed', 'Name not allowed', foreign);
  const needed = toNeeded(route);
  if (gate.isOpen || needed === 'nothing') return ADMITTED;
  const caller = await findCaller(request, gate);
  if (caller === undefined) {
    const reason = isShut(gate) ? NOBODY : 'the credentials are not accepted';
    const { kind, answer } = refuse(401, 'NotAuthenticated', 'Not authenticated', reason);
    return { kind, answer: { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Bearer realm="signet"' } } };
  }
  if (needed === 'operator' && caller.role !== 'operator') {
    return refuse(
      403,
      'NotAllowed',
      'Not allowed',
      'this route takes an operator, and these credentials are a reader’s',
    );
  }
  return { kind: 'admitted', caller };
}

/** Why a browser that a foreign page made ask is refused; undefined for everybody else. */
function findForeignPage(
  { headers, method }: IncomingMessage,
  route: Route | undefined,
  names: AskedNames,
): string | undefined {
  const site = headers['sec-fetch-site'];
  const isPublic = route?.handler === 'serve-signature';
  // An API server, which is no page, asks by the name that its configuration says: it takes 403 for a webhook that is down.
  if (route?.handler === 'review-admission' && headers.origin === undefined && site === undefined) return undefined;
  const foreign = findForeignName(headers, names, isPublic);
  if (foreign !== undefined || isPublic || site === undefined || site === 'same-origin' || site === 'none')
    return foreign;
  // A link to the page may be followed from anywhere. Its own policy keeps it out of frames, and nobody else can read it.
  if (route?.path === '/' && method === 'GET' && headers['sec-fetch-mode'] === 'navigate') return undefined;
  return 'a page of another site may not ask';
}

async function findCaller(
  request: IncomingMessage,
  { credentials, takesCertificates }: Gate,
): Promise<Caller | undefined> {
  const known = await credentials?.read();
  const [scheme, token = ''] = (request.headers.authorization ?? '').split(' ', 2);
  if (known !== undefined && scheme?.toLowerCase() === 'bearer' && token !== '') {
    const caller = findByToken(token, known);
    if (caller !== undefined) return caller;
  }
  const { socket } = request;
  if (!takesCertificates || !showsCertificate(socket)) return undefined;
  // Of several common names none is the one.
  const commonName: unknown = socket.getPeerCertificate().subject.CN;
  return typeof commonName === 'string' && commonName !== '' ? findByCertificate(commonName, known) : undefined;
}

function refuse(status: number, code: string, title: string, detail: string) {
  return { kind: 'refused', answer: toProblemDocument(status, code, title, detail) } as const;
}

import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { PageFiles } from '../../lib/platform/files/page-files.ts';
import { answerPage } from '../../lib/platform/lambda/answer-page.ts';
import {
  type HttpHandler,
  toJsonResponse,
  toNotFoundResponse,
  wrapHttp,
} from '../../lib/platform/lambda/http-stack.ts';
import type { Authorizer } from '../../lib/platform/lambda/read-request.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';

/** An issuer of OpenID Connect, at which the page signs people in. */
export interface Issuer {
  readonly kind: 'oidc';
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Where the issuer has endpoints besides its own origin. */
  readonly origins: readonly string[];
  /** Of a token that may put dead letters back. */
  readonly redriveScope: string;
}

/** How the page gets in: by nothing on loopback, by a token, by the browser's certificate, or at an issuer. */
export type SignIn = { readonly kind: 'open' | 'token' | 'certificate' } | Issuer;

export interface Dependencies {
  /** Undefined: nothing was built. */
  readonly files: PageFiles | undefined;
  /** Undefined: there is to be no page. */
  readonly signIn: SignIn | undefined;
  readonly telemetry: Telemetry;
}

/** The page; /console.json, by which it learns where the API is and what it asks for; and /v1/me, what the caller may. */
export function createHandler({ files, signIn, telemetry }: Dependencies): HttpHandler {
  return wrapHttp(async (event) => {
    if (signIn === undefined) return toNotFoundResponse('the page is not offered here');
    switch (event.rawPath) {
      case '/console.json':
        return toJsonResponse(200, { schema: 1, api: '', auth: toAuthentication(signIn) });
      case '/v1/me':
        return toJsonResponse(200, toCaller(event, signIn));
      default:
        return answerPage(event, { files, connect: signIn.kind === 'oidc' ? listOrigins(signIn) : [] });
    }
  }, telemetry);
}

function toAuthentication(signIn: SignIn) {
  if (signIn.kind !== 'oidc') return { kind: signIn.kind };
  const { kind, issuer, clientId, scopes } = signIn;
  return { kind, issuer, clientId, scopes };
}

function listOrigins({ issuer, origins }: Issuer): readonly string[] {
  return [...new Set([new URL(issuer).origin, ...origins])];
}

/** So that the page shows no button that is refused; what is refused is decided elsewhere. */
function toCaller({ requestContext }: APIGatewayProxyEventV2, signIn: SignIn) {
  const { authorizer } = requestContext as { readonly authorizer?: Authorizer };
  const claims = authorizer?.jwt?.claims ?? {};
  const { sub: name } = claims;
  // The API of a deployment knows no roles: whoever it lets in may do everything that asks for no scope.
  const isOperator = signIn.kind === 'open' || signIn.kind === 'oidc' || claims['role'] === 'operator';
  return {
    schema: 1,
    role: isOperator ? 'operator' : 'reader',
    mayRedrive: signIn.kind === 'oidc' ? listScopes(claims).includes(signIn.redriveScope) : isOperator,
    ...(name === undefined ? {} : { name }),
  };
}

/** API Gateway looks at both claims, and writes a list as `[a b]`. */
function listScopes({ scope, scp }: Readonly<Record<string, unknown>>): readonly string[] {
  const text = [scope, scp].filter((claim) => typeof claim === 'string').join(' ');
  return text.split(/[\s,[\]]+/).filter((one) => one !== '');
}

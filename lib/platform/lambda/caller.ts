import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** Characters of a name. */
const MAX_NAME = 1024;

/**
 * Who asks, as the authorizer found out: the ARN of a role's session or a user, or the subject of a token and who issued
 * it. Undefined where there is no authorizer; nothing that a caller sends is believed.
 */
export function readCaller({ requestContext }: APIGatewayProxyEventV2): Readonly<Record<string, string>> | undefined {
  const { authorizer } = requestContext as { readonly authorizer?: Authorizer };
  const { sub: subject, iss: issuer } = authorizer?.jwt?.claims ?? {};
  const named = Object.entries({ arn: authorizer?.iam?.userArn, subject, issuer });
  const names = named.flatMap(([name, text]) => (isName(text) ? [[name, text.slice(0, MAX_NAME)] as const] : []));
  return names.length === 0 ? undefined : Object.fromEntries(names);
}

/** What API Gateway's authorizers put into a request. */
export interface Authorizer {
  readonly iam?: { readonly userArn?: unknown };
  readonly jwt?: { readonly claims?: Readonly<Record<string, unknown>> };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { type PageFiles, readPageFiles } from '../../lib/platform/files/page-files.ts';
import { answerPage } from '../../lib/platform/lambda/answer-page.ts';
import type { Authorizer } from '../../lib/platform/lambda/caller.ts';
import { type HttpHandler, toJsonResponse, wrapHttp } from '../../lib/platform/lambda/http-stack.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';

/** How the page gets in: `open` on loopback, else by a token or by the browser's certificate. */
export type SignIn = 'open' | 'token' | 'certificate';

const DEFAULT_FOLDER = './console/dist';

/**
 * The files of the page, from the folder that is named, else from where it is built if it was.
 *
 * @throws InputError `ArgumentInvalid` for a named folder without a page; ConfigurationError for one that is too large
 */
export async function openPageFiles(named: string | undefined): Promise<PageFiles | undefined> {
  const files = await readPageFiles(named ?? DEFAULT_FOLDER);
  if (files !== undefined || named === undefined) return files;
  throw new InputError('ArgumentInvalid', `--console ${named} has no index.html; build the page with npm run console`);
}

/** The page; /console.json, by which it learns where the API is and what it asks for; and /v1/me. */
export function createPage(files: PageFiles | undefined, signIn: SignIn, telemetry: Telemetry): HttpHandler {
  const settings = { schema: 1, api: '', auth: { kind: signIn } };
  return wrapHttp(async (event) => {
    switch (event.rawPath) {
      case '/console.json':
        return toJsonResponse(200, settings);
      case '/v1/me':
        return toJsonResponse(200, toCaller(event, signIn));
      default:
        return answerPage(event, { files, connect: [] });
    }
  }, telemetry);
}

/** What the caller may, so that the page shows no button that is refused. */
function toCaller({ requestContext }: APIGatewayProxyEventV2, signIn: SignIn) {
  const { authorizer } = requestContext as { readonly authorizer?: Authorizer };
  const { sub: name, role } = authorizer?.jwt?.claims ?? {};
  const isOperator = signIn === 'open' || role === 'operator';
  return {
    schema: 1,
    role: isOperator ? 'operator' : 'reader',
    mayRedrive: isOperator,
    ...(name === undefined ? {} : { name }),
  };
}

import { startServer, type TestServer } from './start-server.ts';

/** What is answered to one question; a text is a graph. */
export type UpdateAnswer =
  | string
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** Half of the text, then the connection is cut. */
  | { readonly cut: string }
  /** Nothing, until the caller gives up. */
  | { readonly silent: true };

export interface UpdateService extends TestServer {
  readonly graphUrl: string;
}

const PATH = '/api/upgrades_info/v1/graph';

/** An update service on loopback. @param answer by the parameters asked for and the number of the question, from 1 */
export async function startUpdateService(
  answer: (question: URLSearchParams, count: number) => UpdateAnswer,
  scheme: 'http' | 'https' = 'http',
): Promise<UpdateService> {
  let count = 0;
  const server = await startServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    count += 1;
    const answered = pathname === PATH ? answer(searchParams, count) : { status: 404 };
    if (typeof answered === 'string') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(answered);
    } else if ('cut' in answered) {
      response.writeHead(200, { 'content-length': answered.cut.length });
      response.write(answered.cut.slice(0, answered.cut.length / 2), () => response.destroy());
    } else if ('status' in answered) {
      response.writeHead(answered.status, answered.headers).end(answered.body);
    }
  }, scheme);
  return { ...server, graphUrl: `${server.origin}${PATH}` };
}

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startServer, type TestServer } from '../support/servers/start-server.ts';

/** A web server over a directory that knows nothing of signatures: a file, or 404. */
export async function serveDirectory(directory: string): Promise<TestServer> {
  return await startServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://server');
    readFile(path.join(directory, pathname)).then(
      (bytes) => response.writeHead(200, { 'content-length': bytes.length }).end(bytes),
      () => response.writeHead(404, { 'content-length': 0 }).end(),
    );
  });
}

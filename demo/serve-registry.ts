import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { DEMO_MEDIA_TYPE, type DemoManifest } from './demo-images.ts';

/** A registry on loopback that holds the same manifests in every repository. */
export interface ServedRegistry {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly url: string;
  readonly close: () => Promise<void>;
}

const MANIFEST_PATH = /^\/v2\/(.+)\/manifests\/([^/]+)$/;

/**
 * Serves manifests by digest, and by tag where they have one, as the OCI distribution specification says; it has no
 * blobs, and nothing can be pushed.
 */
export async function serveRegistry(
  manifests: readonly (DemoManifest & { readonly tag?: string })[],
  repositories: readonly string[],
): Promise<ServedRegistry> {
  const references = new Map<string, DemoManifest>();
  for (const entry of manifests) {
    references.set(entry.digest, entry);
    if (entry.tag !== undefined) references.set(entry.tag, entry);
  }
  const server = createServer(({ method, url = '' }, response) => {
    const [, repository = '', reference = ''] = MANIFEST_PATH.exec(url) ?? [];
    const found = references.get(reference);
    if (method !== 'GET' && method !== 'HEAD') sendError(response, 405, 'UNSUPPORTED', 'this registry is read-only');
    else if (url === '/v2/') send(response, 200, { 'content-type': 'application/json' }, Buffer.from('{}'));
    else if (!repositories.includes(repository)) sendError(response, 404, 'NAME_UNKNOWN', 'no such repository');
    else if (found === undefined) sendError(response, 404, 'MANIFEST_UNKNOWN', 'no such manifest');
    else {
      const headers = { 'content-type': DEMO_MEDIA_TYPE, 'docker-content-digest': found.digest };
      send(response, 200, headers, found.manifest);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  const host = `127.0.0.1:${address.port}`;
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { host, url: `http://${host}`, close };
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  const body = Buffer.from(JSON.stringify({ errors: [{ code, message }] }));
  send(response, status, { 'content-type': 'application/json' }, body);
}

/** Node leaves the body of an answer to HEAD away, and the length stays what GET has. */
function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): void {
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
}

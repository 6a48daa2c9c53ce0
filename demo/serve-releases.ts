import { once } from 'node:events';
import { createServer } from 'node:http';
import { toStoreSegment } from '../lib/base/names/digest.ts';
import type { DemoRelease } from './demo-releases.ts';

/** A signature store on loopback, as a publisher's web server would be one. */
export interface ServedStore {
  readonly url: string;
  readonly close: () => Promise<void>;
}

export async function serveReleases(releases: readonly DemoRelease[]): Promise<ServedStore> {
  const bodies = new Map<string, Uint8Array>();
  for (const { digest, signature } of releases) {
    if (signature !== undefined) bodies.set(`/${toStoreSegment(digest)}/signature-1`, signature);
  }
  const server = createServer((request, response) => {
    const body = bodies.get(request.url ?? '');
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/octet-stream' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${address.port}`, close };
}

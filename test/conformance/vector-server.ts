import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface VectorServer {
  readonly origin: string;
  readonly close: () => Promise<void>;
}

/**
 * A server of this machine that stands for the address of a case.
 *
 * @param answer the body at a path and query; undefined: 404
 * @param requests gets the path and query of each request
 */
export async function startServer(
  answer: (url: string) => Uint8Array | undefined,
  requests: string[] = [],
): Promise<VectorServer> {
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    requests.push(url);
    const body = answer(url);
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { origin: `http://127.0.0.1:${port}`, close };
}

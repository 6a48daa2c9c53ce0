import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

// A signature store over a directory, and the registry of the images that are signed in it. Signatures of digests that are
// listed in its file `down` are answered 503 the first few times.
const [directory = '', refusals = '2'] = process.argv.slice(2);
const down = new Map((await readFile(path.join(directory, 'down'), 'utf8')).split('\n').map((name) => [name, 0]));

const IMAGE_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const MANIFEST = /^\/v2\/.+\/manifests\/(sha256):([0-9a-f]{64})$/;

const server = createServer((request, response) => {
  const [, algorithm, hex] = MANIFEST.exec(request.url ?? '') ?? [];
  if (hex !== undefined) {
    readFile(path.join(directory, `${algorithm}=${hex}`, 'manifest')).then(
      (bytes) => response.setHeader('content-type', IMAGE_TYPE).end(bytes),
      () => response.writeHead(404).end(),
    );
    return;
  }
  const [, segment = '', name = ''] = (request.url ?? '').split('/');
  const refused = down.get(segment);
  if (refused !== undefined && refused < Number(refusals)) {
    down.set(segment, refused + 1);
    response.writeHead(503).end();
    return;
  }
  readFile(path.join(directory, segment, name)).then(
    (bytes) => response.end(bytes),
    () => response.writeHead(404).end(),
  );
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);

import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A registry of the files in a folder, each answer after some milliseconds: `<folder> <milliseconds>`. A file's name is
 * its path, encoded as a URL's component. Writes its host to standard output, and ends with standard input.
 */
const [folder = '', milliseconds = ''] = process.argv.slice(2);
const files = new Map<string, Buffer>();
for (const name of await readdir(folder)) {
  files.set(decodeURIComponent(name), await readFile(path.join(folder, name)));
}
const server = createServer((request, response) => {
  const url = request.url ?? '';
  const bytes = files.get(url);
  const type = url.includes('/manifests/') ? 'application/vnd.oci.image.manifest.v1+json' : 'application/octet-stream';
  void delay(Number(milliseconds)).then(() => {
    if (bytes === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': type, 'content-length': bytes.length }).end(bytes);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));

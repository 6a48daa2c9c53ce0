import { createHash, randomBytes } from 'node:crypto';
import process from 'node:process';
import { createDirectoryObjectStore } from '../../../../lib/platform/objects/directory/directory-object-store.ts';

/** Creates and replaces objects until it is killed. An object is a SHA-256 and the bytes that it is of. */
const [root = ''] = process.argv.slice(2);
const store = createDirectoryObjectStore(root);

function makeObject(): Uint8Array {
  const bytes = randomBytes(200_000);
  return Buffer.concat([createHash('sha256').update(bytes).digest(), bytes]);
}

process.stdout.write('started\n');
for (let index = 0; ; index += 1) {
  await store.createObject(`created/${process.pid}-${index}`, makeObject());
  const stored = await store.readObject('replaced', 1_000_000);
  await store.replaceObject('replaced', makeObject(), stored?.etag);
}

import process from 'node:process';
import { createDirectoryObjectStore } from '../../../../lib/platform/objects/directory/directory-object-store.ts';

/** Adds 1 to the number at `counter`, as often as the second argument says, by compare-and-swap. */
const [root = '', times = '0'] = process.argv.slice(2);
const store = createDirectoryObjectStore(root);

async function increment(): Promise<boolean> {
  const stored = await store.readObject('counter', 1024);
  const next = Number(new TextDecoder().decode(stored?.bytes)) + 1;
  return store.replaceObject('counter', new TextEncoder().encode(String(next)), stored?.etag);
}

for (let done = 0; done < Number(times);) {
  if (await increment()) done += 1;
}

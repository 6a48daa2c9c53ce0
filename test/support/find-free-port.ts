import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the ports that systems give to whoever asks for any (Linux from 32,768, others from 49,152): between this
// answer and the server's start no connection and no other server takes the port by chance.
const FIRST = 10_000;
const LAST = 32_767;

const given = new Set<number>();

/** A port of loopback that nothing listens on now, for a server that cannot be told to choose. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST + 1);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

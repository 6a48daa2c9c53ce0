import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '../support/find-free-port.ts';

export interface Nginx {
  readonly origin: string;
  readonly close: () => Promise<void>;
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** nginx as it comes, over a directory. @param scratch where it may write */
export async function startNginx(program: string, directory: string, scratch: string): Promise<Nginx> {
  const port = await findFreePort();
  const server = `server { listen 127.0.0.1:${port}; root ${directory}; }`;
  const { close } = await startNginxWith(program, server, scratch, port);
  return { origin: `http://127.0.0.1:${port}`, close };
}

/** nginx with a server of one's own, that listens on a port. */
export async function startNginxWith(
  program: string,
  server: string,
  scratch: string,
  port: number,
): Promise<Pick<Nginx, 'close'>> {
  await mkdir(scratch, { recursive: true });
  const configuration = [
    // One process, which reads as whoever runs the test.
    'daemon off; master_process off;',
    `pid ${scratch}/nginx.pid; error_log ${scratch}/error.log;`,
    'events {}',
    'http {',
    'access_log off; default_type application/octet-stream;',
    ...TEMPORARY.map((name) => `${name}_temp_path ${scratch}/${name};`),
    server,
    '}',
  ];
  const file = path.join(scratch, 'nginx.conf');
  await writeFile(file, configuration.join('\n'));
  const child = spawn(program, ['-p', scratch, '-c', file], { stdio: 'ignore' });
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    await delay(20);
  }
  return {
    async close() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

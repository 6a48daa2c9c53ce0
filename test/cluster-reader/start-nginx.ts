import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
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
  await mkdir(scratch, { recursive: true });
  const port = await findFreePort();
  const configuration = [
    // One process, which reads as whoever runs the test.
    'daemon off; master_process off;',
    `pid ${scratch}/nginx.pid; error_log ${scratch}/error.log;`,
    'events {}',
    'http {',
    'access_log off; default_type application/octet-stream;',
    ...TEMPORARY.map((name) => `${name}_temp_path ${scratch}/${name};`),
    `server { listen 127.0.0.1:${port}; root ${directory}; }`,
    '}',
  ];
  const file = path.join(scratch, 'nginx.conf');
  await writeFile(file, configuration.join('\n'));
  const child = spawn(program, ['-p', scratch, '-c', file], { stdio: 'ignore' });
  const origin = `http://127.0.0.1:${port}`;
  while ((await fetch(origin).catch(() => undefined)) === undefined) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    await delay(20);
  }
  return {
    origin,
    async close() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

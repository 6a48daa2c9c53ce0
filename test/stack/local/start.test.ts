import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MAIN = path.join(import.meta.dirname, '../../../local/main.ts');
let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-start-'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

test('stops when npm is gone', async () => {
  const script = '"$0" "$1" --port 0 --data "$2"; true';
  const shell = spawn('sh', ['-c', script, process.execPath, MAIN, path.join(work, 'data')], {
    cwd: work,
    env: { PATH: process.env['PATH'] ?? '', npm_lifecycle_event: 'start' },
  });
  let output = '';
  const ready = new Promise<void>((resolve) => {
    shell.stderr.on('data', (text) => {
      output += String(text);
      if (output.includes('ready at')) resolve();
    });
  });
  // The service holds the shell's stderr open until it ends itself.
  const ended = once(shell.stderr, 'end');
  await ready;
  shell.kill('SIGTERM');
  await ended;
  expect(output).toMatch(/npm is gone: finishing what is under way …\nstopped\n$/);
});

test.each<[string, readonly string[], RegExp]>([
  ['a data folder that cannot be', ['--data', '/dev/null/x'], /^signet: --data \/dev\/null\/x: .*\n$/],
  ['a store of another scheme', ['--store', 'ftp://user:secret@x/y'], /^signet: --store ftp:\/\/…: .*https:\/\/.*\n$/],
  [
    'a store directory that is not there',
    ['--store', '/no/such'],
    /^signet: --store \/no\/such is not a directory.*\n$/,
  ],
  ['a host that is none', ['--host', '192.0.2.1'], /^signet: --host 192\.0\.2\.1: listen EADDRNOTAVAIL.*\n$/],
])('%s is exit 2 in one line', async (_, args, message) => {
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--data', path.join(work, 'x'), ...args], { cwd: work });
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += String(text)));
  await once(child, 'close');
  expect([child.exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockFolder } from '../../local/lock-folder.ts';

const PROCESS = path.join(import.meta.dirname, 'processes/lock-folder.ts');
let work = '';
const children: ChildProcess[] = [];
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-lock-'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(work, { recursive: true });
});

/** A process that tries to lock a folder, and its first line. */
async function tryInProcess(directory: string): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const child = spawn(process.execPath, [PROCESS, directory], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: text.toString().trim() };
}

test('the same folder is locked once, and again when it is free', async () => {
  const directory = path.join(work, 'a', 'b');
  const lock = await lockFolder(directory);
  await lock.name('http://127.0.0.1:1');
  const refusal = `--data ${directory} is in use by the service of process ${process.pid} at http://127.0.0.1:1, since `;
  await expect(lockFolder(directory)).rejects.toThrow(refusal);
  await expect(lockFolder(path.join(work, 'a/../a/b'))).rejects.toThrow('is in use by');
  lock.release();
  (await lockFolder(directory)).release();
});

test('another process is named, and taken over from once it is dead, however it ended', async () => {
  const directory = path.join(work, 'killed');
  const { child, said } = await tryInProcess(directory);
  expect(said).toBe('locked');
  await expect(lockFolder(directory)).rejects.toThrow(`the service of process ${child.pid} at http://127.0.0.1:8080`);
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  (await lockFolder(directory)).release();
});

test('of many that start at once over what a dead process left, one has the folder', async () => {
  const directory = path.join(work, 'many');
  (await lockFolder(directory)).release();
  const all = await Promise.all(Array.from({ length: 6 }, () => tryInProcess(directory)));
  expect(all.filter(({ said }) => said === 'locked')).toHaveLength(1);
  expect(all.filter(({ said }) => said.startsWith(`--data ${directory} is in use by`))).toHaveLength(5);
});

test('whatever the file about the holder says, the lock decides', async () => {
  const directory = path.join(work, 'holder');
  const lock = await lockFolder(directory);
  await writeFile(path.join(directory, 'service.json'), '{');
  await expect(lockFolder(directory)).rejects.toThrow('is in use by another service; stop it');
  lock.release();
  await writeFile(path.join(directory, 'service.json'), JSON.stringify({ pid: process.pid, startedAt: 'now' }));
  (await lockFolder(directory)).release();
});

import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { locateTool, toFolder } from '../support/tools.ts';
import type { TestTool } from './table.ts';

const ROOT = path.join(import.meta.dirname, '../..');
/** Of a failed command's output, its last lines say why. */
const MAX_OUTPUT = 64 * 1024;
const KILL_AFTER_MS = 5000;

/** Why a tool cannot be had. It fails nothing: what needs the tool is not run. */
export class ToolMissing extends Error {}

/**
 * Installs a tool: beside its place in the cache, then renamed into it, so that a folder in place is whole.
 * @param signal ends what runs
 * @throws ToolMissing if it cannot be had on this machine
 */
export async function installTool(tool: TestTool, signal: AbortSignal): Promise<void> {
  const folder = toFolder(tool);
  if (folder === undefined) return await installPackage(tool, signal);
  await removeUnfinished(path.dirname(folder));
  const unfinished = `${folder}.unfinished-${randomUUID()}`;
  await mkdir(unfinished, { recursive: true });
  try {
    await fillFolder(tool, unfinished, signal);
    if (!existsSync(path.join(unfinished, tool.program))) throw new ToolMissing(`it has no program ${tool.program}`);
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function fillFolder({ program, installation }: TestTool, folder: string, signal: AbortSignal): Promise<void> {
  switch (installation.kind) {
    case 'go-install': {
      needProgram('go', 'Go');
      const env = { GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOWORK: 'off' };
      const args = ['install', '-trimpath', '-ldflags=-s -w', `${installation.package}@${installation.version}`];
      return await run('go', args, { env, signal });
    }
    case 'go-build': {
      needProgram('go', 'Go');
      const { module, tags = [], linkerFlags = '', package: main = '.', library } = installation;
      if (library !== undefined && !hasLibrary(library.name)) {
        await addPackage(library.package, signal);
        if (!hasLibrary(library.name)) throw new ToolMissing(`there is no library ${library.name} to link`);
      }
      const output = ['-o', path.join(folder, program)];
      const flags = ['-trimpath', '-buildvcs=false', '-tags', tags.join(','), `-ldflags=-s -w ${linkerFlags}`];
      const env = { CGO_ENABLED: library === undefined ? '0' : '1', GOFLAGS: '', GOWORK: 'off' };
      return await run('go', ['build', ...flags, ...output, main], { env, signal, cwd: path.join(ROOT, module) });
    }
    case 'pip': {
      needProgram('python3', 'Python 3');
      const environment = path.join(folder, 'environment');
      await run('python3', ['-m', 'venv', environment], { signal });
      const python = path.join(environment, 'bin/python');
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
      await run(python, [...pip, `${installation.project}==${installation.version}`], { signal });
      // pip writes the folder's present name into what it installs; this line finds it under any.
      const wrapper = path.join(folder, program);
      const bin = '"$(dirname "$0")/environment/bin';
      await writeFile(wrapper, `#!/bin/sh\nexec ${bin}/python" ${bin}/${program}" "$@"\n`);
      return await chmod(wrapper, 0o755);
    }
    case 'npm': {
      needProgram('npm', 'npm');
      const { package: name, version, builders } = installation;
      for (const [builder, debian] of Object.entries(builders)) {
        if (!hasProgram(builder)) await addPackage(debian, signal);
      }
      const quiet = ['--no-audit', '--no-fund', '--no-save', '--no-package-lock', '--loglevel=error'];
      await run('npm', ['install', ...quiet, '--prefix', folder, `${name}@${version}`], { signal });
      const wrapper = path.join(folder, program);
      await writeFile(wrapper, `#!/bin/sh\nexec "$(dirname "$0")/node_modules/.bin/${program}" "$@"\n`);
      return await chmod(wrapper, 0o755);
    }
    case 'apt':
      throw new TypeError('a package of the system has no folder');
  }
}

let isUpdated = false;

async function installPackage(tool: TestTool, signal: AbortSignal): Promise<void> {
  const { installation } = tool;
  if (installation.kind !== 'apt') throw new TypeError(`${tool.name} has a folder`);
  await addPackage(installation.package, signal);
  if (locateTool(tool) === undefined) throw new ToolMissing(`${installation.package} brings no ${tool.program}`);
}

function hasLibrary(name: string): boolean {
  return spawnSync('pkg-config', ['--exists', name], { stdio: 'ignore' }).status === 0;
}

async function addPackage(name: string, signal: AbortSignal): Promise<void> {
  needProgram('apt-get', 'apt-get');
  if (process.getuid?.() !== 0) throw new ToolMissing(`only root can install the package ${name}`);
  // A list that cannot be brought up to date may still name the package.
  if (!isUpdated) await run('apt-get', ['update'], { signal }).catch(ignoreMissing);
  isUpdated = true;
  const args = ['install', '-y', '--no-install-recommends', name];
  await run('apt-get', args, { env: { DEBIAN_FRONTEND: 'noninteractive' }, signal });
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof ToolMissing)) throw error;
}

function needProgram(name: string, words: string): void {
  if (!hasProgram(name)) throw new ToolMissing(`there is no ${words} on this machine`);
}

function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal: AbortSignal;
}

/** Runs a command in a process group of its own: the compilers that Go starts end with it. */
async function run(command: string, args: readonly string[], { env, cwd, signal }: RunOptions): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT);
    });
  }
  const killGroup = (name: NodeJS.Signals) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, name);
  };
  const stop = () => {
    killGroup('SIGTERM');
    setTimeout(killGroup, KILL_AFTER_MS, 'SIGKILL').unref();
  };
  signal.addEventListener('abort', stop, { once: true });
  child.once('error', reject);
  child.once('close', (code) => {
    if (signal.aborted) reject(signal.reason);
    else if (code === 0) resolve();
    else reject(new ToolMissing(`${command} ${args[0]} failed: ${toReason(output)}`));
  });
  await promise.finally(() => signal.removeEventListener('abort', stop));
}

/** The first line that names an error, else the last one. */
function toReason(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /error|cannot|failed|no such/i.test(line)) ?? lines.at(-1) ?? 'it says nothing').trim();
}

/** What an earlier run left when it was killed. The lock says that none is at work here. */
async function removeUnfinished(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => one.includes('.unfinished-'))) {
    await rm(path.join(folder, name), { recursive: true, force: true });
  }
}

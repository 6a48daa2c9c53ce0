import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import type { StoredScripts } from './bundle-stored.ts';
import { compileScripts, SEED } from './compile-scripts.ts';
import { removeSignature } from './remove-signature.ts';
import { stripSymbols } from './strip-symbols.ts';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '../..');
const Lock = v.object({
  packages: v.record(v.string(), v.object({ version: v.optional(v.string()), integrity: v.optional(v.string()) })),
});
type Inject = (
  file: string,
  resource: string,
  contents: Buffer,
  options: { readonly sentinelFuse: string; readonly machoSegmentName?: string },
) => Promise<void>;
// It has no types.
const { inject } = createRequire(import.meta.url)('postject') as { readonly inject: Inject };

/** As Node's documentation of single executables has them. */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/**
 * Megabytes of a half of V8's young generation. In the one that V8 starts with, a short call is collected twice. In the
 * largest, a collection holds up the answers of `signet serve` for milliseconds.
 */
const YOUNG = ['--min-semi-space-size=4', '--max-semi-space-size=8'];

export const PLATFORMS = ['linux-x64', 'linux-arm64', 'win-x64'] as const;
export type ReleasePlatform = (typeof PLATFORMS)[number];

const HOST = `${process.platform}-${process.arch}`;

export function isWindows(platform: ReleasePlatform): boolean {
  return platform.startsWith('win-');
}

/**
 * Writes a program for one platform that holds Node and the scripts. Only the platform that builds gets compiled code
 * beside the scripts: it depends on the processor.
 *
 * @param scratch a directory that is there
 * @throws Error when this is not the Node that the lock file names, or the other platform's Node is not that of the lock
 */
export async function buildSingleFile(
  stored: StoredScripts,
  platform: ReleasePlatform,
  output: string,
  scratch: string,
): Promise<void> {
  const node = await readNode(platform, scratch);
  const blob = await writeBlob(stored, platform === HOST, scratch);
  await writeFile(output, isWindows(platform) ? removeSignature(node) : stripSymbols(node));
  await quietly(() => inject(output, RESOURCE, blob, { sentinelFuse: FUSE }));
  await chmod(output, 0o755);
}

/** The program of Node that the lock file names for a platform: installed here, or fetched from the registry of npm. */
async function readNode(platform: ReleasePlatform, scratch: string): Promise<Buffer> {
  const name = `node-${platform}`;
  const program = isWindows(platform) ? 'bin/node.exe' : 'bin/node';
  const installed = path.join(ROOT, 'node_modules', name, program);
  if (existsSync(installed)) return await readFile(installed);
  const { packages } = v.parse(Lock, JSON.parse(await readFile(path.join(ROOT, 'package-lock.json'), 'utf8')));
  const { version, integrity } = packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json does not name ${name}`);
  const folder = path.join(scratch, name);
  await mkdir(folder, { recursive: true });
  await run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', folder], { cwd: scratch });
  const archive = path.join(folder, `${name}-${version}.tgz`);
  const actual = `sha512-${hash('sha512', await readFile(archive), 'base64')}`;
  if (actual !== integrity)
    throw new Error(`${name}@${version} is ${actual}, and package-lock.json wants ${integrity}`);
  await run('tar', ['-xzf', archive, '-C', folder, `package/${program}`]);
  return await readFile(path.join(folder, 'package', program));
}

/** What Node reads from its own program: the scripts, and for this platform what V8 compiled of them. */
async function writeBlob({ main, scripts }: StoredScripts, isHost: boolean, scratch: string): Promise<Buffer> {
  const compiled = isHost ? await compileScripts(scripts, scratch) : new Map<string, Uint8Array>();
  const files = new Map([['main.cjs', main]]);
  for (const [name, source] of scripts) {
    files.set(`${name}.cjs`, source).set(`${name}.code`, compiled.get(name) ?? new Uint8Array());
  }
  for (const [name, bytes] of files) await writeFile(path.join(scratch, name), bytes);
  // The name of the main script is in the blob, and those of the assets.
  const assets = Object.fromEntries([...files.keys()].slice(1).map((name) => [name, name]));
  const settings = {
    main: 'main.cjs',
    output: 'signet.blob',
    disableExperimentalSEAWarning: true,
    execArgv: YOUNG,
    assets,
  };
  await writeFile(path.join(scratch, 'sea.json'), JSON.stringify(settings));
  await run(process.execPath, [SEED, '--experimental-sea-config', 'sea.json'], { cwd: scratch });
  return await readFile(path.join(scratch, 'signet.blob'));
}

/** postject warns of sections that a stripped program no longer has, by console.log of its WebAssembly. */
async function quietly(work: () => Promise<void>): Promise<void> {
  const { log, warn, error } = console;
  Object.assign(console, { log: () => undefined, warn: () => undefined, error: () => undefined });
  try {
    await work();
  } finally {
    Object.assign(console, { log, warn, error });
  }
}

import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { type BuiltFunction, buildFunctions } from '../../scripts/build-functions.ts';
import { parseTemplate, type Template } from './template.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const OSLS = path.join(ROOT, 'node_modules/osls/bin/serverless.js');
const run = promisify(execFile);

export interface PackagedService {
  readonly built: readonly BuiltFunction[];
  readonly template: Template;
  /** What the packager said. */
  readonly output: string;
  readonly readZip: (name: string) => Promise<Uint8Array>;
}

/**
 * What `npm run package` does, in a directory of its own: bundles, template and zips. Without credentials, and with no
 * more of the environment than a path.
 */
export async function packageService(directory: string): Promise<PackagedService> {
  await mkdir(directory, { recursive: true });
  for (const name of ['serverless.yml', 'infra']) await cp(path.join(ROOT, name), path.join(directory, name), COPY);
  await symlink(path.join(ROOT, 'package.json'), path.join(directory, 'package.json'));
  const built = await buildFunctions(path.join(directory, 'dist'));
  const env = { PATH: path.dirname(process.execPath), HOME: directory };
  const { stdout, stderr } = await run(process.execPath, [OSLS, 'package'], { cwd: directory, env });
  const output = path.join(directory, '.serverless');
  const template = await readFile(path.join(output, 'cloudformation-template-update-stack.json'), 'utf8');
  return {
    built,
    template: parseTemplate(template),
    output: stdout + stderr,
    readZip: (name) => readFile(path.join(output, `${name}.zip`)),
  };
}

const COPY = { recursive: true } as const;

/** The files of a zip by name. */
export function unzip(zip: Uint8Array): ReadonlyMap<string, Uint8Array> {
  return new Map(Object.entries(unzipSync(zip)));
}

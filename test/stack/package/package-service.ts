import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { type BuiltFunction, buildFunctions, listFunctions } from '../../../scripts/build-functions.ts';
import { parseTemplate, type Template } from './template.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
/** The packager, which `npm run osls` installs. */
export const OSLS = path.join(ROOT, 'infra/packager/node_modules/osls/bin/serverless.js');
const run = promisify(execFile);

/** Installs the packager where it is not there, as `npm run osls` does. */
async function installPackager(): Promise<void> {
  if (!existsSync(OSLS)) await run(process.execPath, [path.join(ROOT, 'scripts/osls.ts'), '--version']);
}

/** Values for the parameters of serverless.yml. */
export type Parameters = Readonly<Record<string, string>>;

export interface PackagedTemplate {
  readonly template: Template;
  readonly templateFile: string;
  /** What the packager said. */
  readonly output: string;
}

export interface PackagedService extends PackagedTemplate {
  readonly built: readonly BuiltFunction[];
  readonly readZip: (name: string) => Promise<Uint8Array>;
}

/**
 * What `npm run package` does, in a directory of its own: bundles, template and zips. Without credentials, and with no
 * more of the environment than a path.
 */
export async function packageService(directory: string): Promise<PackagedService> {
  await layOut(directory);
  const built = await buildFunctions(path.join(directory, 'dist'), await writePage(directory));
  const packaged = await runPackager(directory, {});
  return { ...packaged, built, readZip: (name) => readZip(directory, name) };
}

/** A page as `npm run console` leaves one, with its packed forms; the real one is looked at in test/stack/console. */
export async function writePage(directory: string): Promise<string> {
  const page = path.join(directory, 'console');
  await mkdir(page, { recursive: true });
  const files = {
    'index.html': '<!doctype html><title>Signet</title>',
    'main-K3JX7Q2B.js': 'document.title = "Signet";',
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path.join(page, name), text);
    await writeFile(path.join(page, `${name}.br`), brotliCompressSync(text));
    await writeFile(path.join(page, `${name}.gz`), gzipSync(text));
  }
  return page;
}

/** The zip of a function in a directory that was packaged. */
export function readZip(directory: string, name: string): Promise<Uint8Array> {
  return readFile(path.join(directory, '.serverless', `${name}.zip`));
}

/** The template in a directory that was packaged. */
export async function readTemplate(directory: string): Promise<Omit<PackagedTemplate, 'output'>> {
  const templateFile = path.join(directory, '.serverless/cloudformation-template-update-stack.json');
  return { template: parseTemplate(await readFile(templateFile, 'utf8')), templateFile };
}

/** The template alone, over empty bundles: what is in it depends on none. */
export async function packageTemplate(
  directory: string,
  parameters: Parameters = {},
  hasPage = true,
): Promise<PackagedTemplate> {
  await layOut(directory);
  for (const name of await listFunctions()) {
    await mkdir(path.join(directory, 'dist', name), { recursive: true });
    await writeFile(path.join(directory, 'dist', name, 'handler.mjs'), '');
  }
  if (hasPage) await cp(await writePage(directory), path.join(directory, 'dist/serve-page/page'), COPY);
  return await runPackager(directory, parameters);
}

/** What the packager reads; it is installed if it is not there. */
export async function layOut(directory: string): Promise<void> {
  await installPackager();
  await mkdir(directory, { recursive: true });
  const isOurs = (file: string): boolean => path.basename(file) !== 'node_modules';
  for (const name of ['serverless.yml', 'infra'])
    await cp(path.join(ROOT, name), path.join(directory, name), { ...COPY, filter: isOurs });
  await symlink(path.join(ROOT, 'package.json'), path.join(directory, 'package.json'));
}

async function runPackager(directory: string, parameters: Parameters): Promise<PackagedTemplate> {
  const env = { PATH: path.dirname(process.execPath), HOME: directory };
  // The packager takes no empty value, which is the default of all that may be empty.
  const isGiven = Object.entries(parameters).filter(([, value]) => value !== '');
  const given = isGiven.map(([name, value]) => `--param=${name}=${value}`);
  const { stdout, stderr } = await run(process.execPath, [OSLS, 'package', ...given], { cwd: directory, env });
  return { ...(await readTemplate(directory)), output: stdout + stderr };
}

const COPY = { recursive: true } as const;

/** The files of a zip by name. */
export function unzip(zip: Uint8Array): ReadonlyMap<string, Uint8Array> {
  return new Map(Object.entries(unzipSync(zip)));
}

import { createHash } from 'node:crypto';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { TEST_TOOLS, type TestTool, type ToolName } from '../tools/table.ts';

const ROOT = path.join(import.meta.dirname, '../..');
/** Where Debian keeps servers, and where only root's path leads. */
const SYSTEM_FOLDER = '/usr/sbin';
const reported = new Set<string>();

/**
 * The program of a test tool. Where it is not installed: undefined, and one line on standard error that says what is
 * not run. `npm run test:tools` installs it.
 */
export function findTool(name: ToolName): string | undefined {
  const tool: TestTool | undefined = TEST_TOOLS.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`there is no test tool ${name} in test/tools/table.ts`);
  const program = locateTool(tool);
  if (program === undefined && !reported.has(name)) {
    reported.add(name);
    process.stderr.write(`not run: ${name}: ${tool.neededBy} (npm run test:tools installs it)\n`);
  }
  return program;
}

/** As {@link findTool}, without a word where there is none. */
export function locateTool(tool: TestTool): string | undefined {
  const named = tool.override ?? '';
  if (named !== '') return isExecutable(named) ? named : undefined;
  const folder = toFolder(tool);
  const folders = folder === undefined ? toSystemFolders() : [folder];
  return folders.map((one) => path.join(one, tool.program)).find(isExecutable);
}

/** Where tools are installed: SIGNET_TEST_TOOLS, or signet-test in the user's cache. */
export function toCache(): string {
  const named = process.env['SIGNET_TEST_TOOLS'] ?? '';
  return named === '' ? path.join(homedir(), '.cache', 'signet-test') : named;
}

/** The folder of this version of a tool in the cache; undefined for one that the system keeps. */
export function toFolder(tool: TestTool): string | undefined {
  const version = toVersion(tool);
  return version === undefined ? undefined : path.join(toCache(), tool.name, version);
}

/** Undefined where any version will do. */
export function toVersion({ installation }: TestTool): string | undefined {
  switch (installation.kind) {
    case 'go-install':
    case 'npm':
    case 'pip':
      return installation.version;
    case 'go-build':
      return hashModule(installation);
    case 'apt':
      return undefined;
    default:
      return installation satisfies never;
  }
}

/** A changed source, dependency or build tag is another version. */
function hashModule(installation: TestTool['installation'] & { readonly kind: 'go-build' }): string {
  const folder = path.join(ROOT, installation.module);
  const hash = createHash('sha256').update(JSON.stringify(installation));
  for (const name of readdirSync(folder).toSorted())
    hash.update(`\0${name}\0`).update(readFileSync(path.join(folder, name)));
  return hash.digest('hex').slice(0, 12);
}

function toSystemFolders(): readonly string[] {
  return [...(process.env['PATH'] ?? '').split(path.delimiter), SYSTEM_FOLDER];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

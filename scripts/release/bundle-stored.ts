import type { Plugin } from 'esbuild';
import { NOUNS } from '../../cli/shell/nouns.ts';
import { bundleScript } from './bundle-script.ts';
import { ALL, ALONE, LIBRARIES, WRAPPER } from './script-runner.ts';

/** What a single file holds: the whole command line, the service included. */
export interface StoredScripts {
  /** What Node starts with: it runs one of the scripts. */
  readonly main: Uint8Array;
  readonly scripts: ReadonlyMap<string, Uint8Array>;
  /** The packages whose code is in them. */
  readonly packages: ReadonlySet<string>;
}

const MAIN = `import { getRawAsset } from 'node:sea';
import { ScriptRunner } from './scripts/release/script-runner.ts';
const read = (name) => Buffer.from(getRawAsset(name));
new ScriptRunner((name) => ({ source: read(name + '.cjs'), code: read(name + '.code') })).start(process.argv[2]);`;

/**
 * Bundles the command line as a script of all commands, one of each command that has to start fast, and one of each
 * library that most calls do without. V8 reads a script whole, and what was compiled of it too: a small one starts sooner.
 *
 * @param target as esbuild takes it, such as `node24`
 */
export async function bundleStored(target: string): Promise<StoredScripts> {
  const main = await bundleScript(target, { contents: MAIN });
  const all = await bundleScript(target, { plugins: [sharedLibraries], wrapper: WRAPPER });
  const [scripts, packages] = [new Map([[ALL, all.bytes]]), new Set([...main.packages, ...all.packages])];
  const add = async (name: string, contents: string, plugins: readonly Plugin[]): Promise<void> => {
    const bundled = await bundleScript(target, { contents, plugins, wrapper: WRAPPER });
    scripts.set(name, bundled.bytes);
    for (const found of bundled.packages) packages.add(found);
  };
  for (const name of ALONE) await add(name, writeEntry(name), [sharedLibraries]);
  for (const name of LIBRARIES) await add(name, `export * from '${name}';`, []);
  return { main: main.bytes, scripts, packages };
}

function writeEntry(name: string): string {
  if (!Object.hasOwn(NOUNS, name)) throw new Error(`there is no command ${name}`);
  return `import * as noun from './cli/${name}/index.ts';
import { runProcess } from './cli/shell/run-program.ts';
runProcess(Object.values(noun));`;
}

/** Has a library read when it is used first, by the `require` that a script is given. */
const sharedLibraries: Plugin = {
  name: 'shared-libraries',
  setup(build) {
    build.onResolve({ filter: /^[a-z]/ }, ({ path, namespace }) => {
      if (!LIBRARIES.includes(path)) return undefined;
      return namespace === 'shared-library' ? { path, external: true } : { path, namespace: 'shared-library' };
    });
    build.onLoad({ filter: /./, namespace: 'shared-library' }, ({ path }) => ({
      contents: `module.exports = require('${path}');`,
    }));
  },
};

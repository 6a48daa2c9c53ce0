import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import * as v from 'valibot';
import { makePages } from '../../cli/man/pages.ts';
import { buildProgram } from '../../cli/shell/build-program.ts';
import { loadNouns } from '../../cli/shell/nouns.ts';
import { plainBuiltins, REQUIRE } from '../plain-builtins.ts';
import { bundleScript, listPackages } from './bundle-script.ts';
import { describePackages } from './packages.ts';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '../..');
const OLDEST = 'node22';
const NAME = '@signet-trust/signet';
const Own = v.object({ description: v.string(), license: v.string() });
const ENGINES = '^22.22.2 || >=24.15.0';

/**
 * Packs the npm package: the command line as one script, the library with its types, and no dependencies, so that what is
 * tested here is what is installed there.
 *
 * @param scratch a directory that is there
 * @returns the packages whose code is in it
 */
export async function packNpmPackage(version: string, output: string, scratch: string): Promise<ReadonlySet<string>> {
  const folder = path.join(scratch, 'npm');
  await mkdir(path.join(folder, 'bin'), { recursive: true });
  const script = await bundleScript(OLDEST);
  const library = await bundleLibrary(folder);
  const packages = new Set([...script.packages, ...library]);
  await writeFile(path.join(folder, 'signet.cjs'), script.bytes);
  await copyFile(path.join(ROOT, 'npm/bin/signet.cjs'), path.join(folder, 'bin/signet.cjs'));
  await chmod(path.join(folder, 'bin/signet.cjs'), 0o755);
  await writeTypes(folder, scratch);
  for (const [from, to] of [
    ['npm/README.md', 'README.md'],
    ['LICENSE', 'LICENSE'],
  ] as const) {
    await copyFile(path.join(ROOT, from), path.join(folder, to));
  }
  await writeFile(path.join(folder, 'THIRD-PARTY-LICENSES.txt'), await toLicenses(packages));
  const pages = await writeManualPages(folder);
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(await toManifest(version, pages), null, 2)}\n`);
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', scratch], { cwd: folder });
  await copyFile(path.join(scratch, stdout.trim()), output);
  return packages;
}

/** @returns their paths in the package, which npm links into the manual of whoever installs it for all */
async function writeManualPages(folder: string): Promise<readonly string[]> {
  const call = { signal: AbortSignal.abort(), setStatus: () => undefined, setStopped: () => undefined };
  const pages = makePages(buildProgram(call, await loadNouns()));
  await mkdir(path.join(folder, 'man'), { recursive: true });
  for (const [name, page] of pages) await writeFile(path.join(folder, 'man', name), page);
  return [...pages.keys()].map((name) => `man/${name}`);
}

async function toManifest(version: string, pages: readonly string[]): Promise<object> {
  const { description, license } = v.parse(Own, JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')));
  return {
    name: NAME,
    version,
    description,
    license,
    type: 'module',
    engines: { node: ENGINES },
    bin: { signet: 'bin/signet.cjs' },
    man: pages,
    exports: { '.': { types: './types/npm/index.d.ts', default: './index.js' } },
  };
}

async function bundleLibrary(folder: string): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['npm/index.ts'],
    outfile: path.join(folder, 'index.js'),
    bundle: true,
    metafile: true,
    platform: 'node',
    target: OLDEST,
    format: 'esm',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    plugins: [plainBuiltins],
    banner: { js: REQUIRE },
    logLevel: 'warning',
  });
  return listPackages(metafile);
}

/** The declarations that the library's own refer to, and no other. */
async function writeTypes(folder: string, scratch: string): Promise<void> {
  const all = path.join(scratch, 'types');
  const settings = {
    extends: path.join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      allowJs: false,
      checkJs: false,
      rootDir: ROOT,
      outDir: all,
      typeRoots: [path.join(ROOT, 'node_modules/@types')],
    },
    include: [],
    files: ['npm/index.ts', 'lib/crypto/openpgp/packets/seek-bzip.d.ts'].map((file) => path.join(ROOT, file)),
  };
  await writeFile(path.join(scratch, 'tsconfig.json'), JSON.stringify(settings));
  await run(path.join(ROOT, 'node_modules/.bin/tsc'), ['-p', path.join(scratch, 'tsconfig.json')], { cwd: ROOT });
  const wanted = ['npm/index.d.ts'];
  for (const file of wanted) {
    const text = await readFile(path.join(all, file), 'utf8');
    // A declaration names the source that it was made of; its reader finds it by the name of the code.
    const declared = text.replaceAll(/from '(\.[^']+)\.ts'/g, (_, specifier: string) => {
      const next = `${path.join(path.dirname(file), specifier)}.d.ts`;
      if (!wanted.includes(next)) wanted.push(next);
      return `from '${specifier}.js'`;
    });
    const target = path.join(folder, 'types', file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, declared);
  }
}

async function toLicenses(packages: ReadonlySet<string>): Promise<string> {
  const described = await describePackages(packages);
  return described
    .map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text.trim()}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

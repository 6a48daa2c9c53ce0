import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import * as v from 'valibot';

interface ChecklistOptions {
  /** The checkout that is released. */
  readonly root: string;
  readonly output: string;
  /** A shell command. */
  readonly gate: string;
  readonly key: string;
  readonly keyring: string;
}

/** One thing that has to hold. */
export interface Check {
  readonly name: string;
  /** Why it does not. */
  readonly fault?: string;
}

/** What ends a checklist. */
class ChecklistError extends Error {}

const CLI = path.join(import.meta.dirname, '../../cli/signet.js');
const VERIFIER = 'lib/verdict/judge/verdict.ts';
const Manifest = v.object({ version: v.pipe(v.string(), v.regex(/^[0-9]+\.[0-9]+\.[0-9]+$/)) });
const Provenance = v.object({
  predicate: v.object({
    buildDefinition: v.object({
      resolvedDependencies: v.array(v.object({ digest: v.record(v.string(), v.string()) })),
    }),
  }),
});
/** Lines of a failed command that are told. */
const TOLD_LINES = 8;

/** @returns what to upload, and how; undefined when something does not hold, which has been reported */
export async function runChecklist(
  options: ChecklistOptions,
  report: (check: Check) => void,
): Promise<string | undefined> {
  const { root, output, gate, key, keyring } = options;
  const [first, second] = [path.join(output, 'first'), path.join(output, 'second')];
  let version = '';
  const steps: readonly (readonly [name: string, check: () => Promise<unknown>])[] = [
    ['the checkout is clean', () => requireClean(root)],
    ['one version is named everywhere', async () => (version = await readVersion(root))],
    ['the tag is not taken', () => requireNoTag(root, version)],
    ['the gate passes', () => call('sh', ['-c', gate], root)],
    ['the gate leaves the checkout clean', () => requireClean(root)],
    ['the first build', () => call('npm', ['run', 'release', '--', '--output', first, '--key', key], root)],
    ['the second build', () => call('npm', ['run', 'release', '--', '--output', second], root)],
    ['both are identical', () => requireSame(first, second)],
    ['they are of this commit', () => requireCommit(root, first, version)],
    ['Signet verifies the signed sums', () => verifySums([process.execPath, CLI], first, keyring, root)],
    ['so does the program that was built', () => verifyByProgram(first, version, keyring, root)],
  ];
  await rm(output, { recursive: true, force: true });
  for (const [name, check] of steps) {
    try {
      await check();
      report({ name });
    } catch (error) {
      if (!(error instanceof ChecklistError)) throw error;
      report({ name, fault: error.message });
      return undefined;
    }
  }
  return await formatUpload(root, first, version);
}

async function requireClean(root: string): Promise<void> {
  const changed = await call('git', ['status', '--porcelain'], root);
  if (changed !== '') throw new ChecklistError(`not committed:\n${changed}`);
}

/** Of package.json, once the lock file, the sources and the changelog say the same. */
async function readVersion(root: string): Promise<string> {
  const read = async (name: string): Promise<string> => await readFile(path.join(root, name), 'utf8');
  const parse = async (name: string): Promise<string> => {
    const { output, success } = v.safeParse(Manifest, JSON.parse(await read(name)));
    if (!success) throw new ChecklistError(`${name} has no version such as 1.2.3`);
    return output.version;
  };
  const version = await parse('package.json');
  const locked = await parse('package-lock.json');
  if (locked !== version) throw new ChecklistError(`package-lock.json is of ${locked}, package.json of ${version}`);
  if (!(await read(VERIFIER)).includes(`'signet/${version}'`)) {
    throw new ChecklistError(`${VERIFIER} does not say signet/${version}`);
  }
  requireChangelog(await read('CHANGELOG.md'), version);
  return version;
}

/** Sections are `## [Unreleased]` and `## [1.2.3] - 2026-11-30`. */
function requireChangelog(text: string, version: string): void {
  const sections = text.split(/^## /m).slice(1);
  const found = sections.find((section) => section.startsWith(`[${version}] - `));
  if (found === undefined) throw new ChecklistError(`CHANGELOG.md has no section [${version}] with a date`);
  const [heading = '', ...lines] = found.split('\n');
  if (!/^\[[^\]]+\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(heading)) {
    throw new ChecklistError(`CHANGELOG.md: the section [${version}] has no date such as 2026-11-30`);
  }
  if (!lines.some((line) => line.startsWith('- '))) {
    throw new ChecklistError(`CHANGELOG.md: the section [${version}] says nothing`);
  }
  const left =
    sections
      .find((section) => section.startsWith('[Unreleased]'))
      ?.split('\n')
      .slice(1) ?? [];
  if (left.some((line) => line.startsWith('- '))) {
    throw new ChecklistError(`CHANGELOG.md: something is still under Unreleased; move it to [${version}]`);
  }
}

async function requireNoTag(root: string, version: string): Promise<void> {
  const tag = await call('git', ['tag', '--list', `v${version}`], root);
  if (tag !== '') throw new ChecklistError(`there is a tag v${version}: a version is released once`);
}

/** Every file, but for the signature, which holds its time. */
async function requireSame(first: string, second: string): Promise<void> {
  const names = (await readdir(first)).filter((name) => name !== 'sha256sum.txt.asc').toSorted();
  const others = (await readdir(second)).toSorted();
  if (names.length === 0) throw new ChecklistError('the build wrote nothing');
  if (names.join() !== others.join())
    throw new ChecklistError(`files differ: ${names.join(', ')}; ${others.join(', ')}`);
  for (const name of names) {
    const [one, other] = await Promise.all([first, second].map((folder) => readFile(path.join(folder, name))));
    if (one === undefined || other === undefined || !one.equals(other)) throw new ChecklistError(`${name} differs`);
  }
}

async function requireCommit(root: string, folder: string, version: string): Promise<void> {
  const head = await call('git', ['rev-parse', 'HEAD'], root);
  const text = await readFile(path.join(folder, `signet-${version}.provenance.json`), 'utf8').catch(() => '{}');
  const { output, success } = v.safeParse(Provenance, JSON.parse(text));
  const commits = success ? output.predicate.buildDefinition.resolvedDependencies.map(({ digest }) => digest) : [];
  if (!commits.some(({ gitCommit }) => gitCommit === head)) {
    throw new ChecklistError(`signet-${version}.provenance.json does not name the commit ${head}`);
  }
}

/** As the readers of the release do. */
async function verifySums(
  [program, ...words]: readonly [string, ...string[]],
  folder: string,
  keyring: string,
  root: string,
): Promise<void> {
  const list = path.join(folder, 'sha256sum.txt.asc');
  await call(program, [...words, 'checksums', 'verify', list, '--keyring', keyring], root);
}

async function verifyByProgram(folder: string, version: string, keyring: string, root: string): Promise<void> {
  const name = `signet-${version}-${process.platform}-${process.arch}`;
  const program = path.join(folder, name);
  const said = await call(program, ['version', '-o', 'json'], root);
  if (!said.includes(`"signet/${version}"`)) throw new ChecklistError(`${name} says that it is ${said}`);
  await verifySums([program], folder, keyring, root);
}

async function formatUpload(root: string, folder: string, version: string): Promise<string> {
  const head = await call('git', ['rev-parse', 'HEAD'], root);
  const names = (await readdir(folder)).toSorted();
  return [
    `To release ${version} of ${head}:`,
    `  git tag --sign v${version} ${head}`,
    `  git push origin v${version}`,
    'Compare sha256sum.txt with that of the workflow "Release" of the tag, then upload these files:',
    ...names.map((name) => `  ${path.join(folder, name)}`),
    '',
  ].join('\n');
}

/** @returns standard output @throws ChecklistError when it fails, with its last lines */
async function call(program: string, args: readonly string[], cwd: string): Promise<string> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, all] = ['', ''];
  child.stdout.on('data', (chunk) => {
    said += String(chunk);
    all += String(chunk);
  });
  child.stderr.on('data', (chunk) => (all += String(chunk)));
  const fault = await once(child, 'close').then(
    () => (child.exitCode === 0 ? undefined : `exit status ${child.exitCode ?? child.signalCode ?? 'unknown'}`),
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (fault === undefined) return said.trim();
  const last = all.trim().split('\n').slice(-TOLD_LINES).join('\n');
  throw new ChecklistError(`${path.basename(program)} ${args.join(' ')}: ${fault}\n${last}`.trim());
}

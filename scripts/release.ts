import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { createCleartextMessage, type PrivateKey, readPrivateKey, sign } from 'openpgp';
import { bundleStored } from './release/bundle-stored.ts';
import { buildContainerImage } from './release/container-image.ts';
import { toChecksums, toProvenance, toReleasedFile, toSbom } from './release/documents.ts';
import { packNpmPackage } from './release/npm-package.ts';
import { describePackages } from './release/packages.ts';
import { buildSingleFile, isWindows, PLATFORMS, type ReleasePlatform } from './release/single-file.ts';

const ROOT = path.join(import.meta.dirname, '..');
const HELP = `Builds what a release publishes: a program for each platform, the npm package, what is inside, and checksums.

Usage: npm run release -- [options]

  --output DIR        where to write (default: dist/release; a release that is there is replaced)
  --platform NAME     build this program alone (repeatable): ${PLATFORMS.join(', ')}
  --image             build the container image too, which needs buildah
  --base IMAGE        its base, as buildah names one (default: UBI 9 minimal)
  --key FILE          sign sha256sum.txt with this OpenPGP private key, armored and without a passphrase

Two builds of one commit are identical, but for a signature. Without --key nothing is signed.
`;
const run = promisify(execFile);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      output: { type: 'string', default: path.join(ROOT, 'dist/release') },
      platform: { type: 'string', multiple: true, default: [...PLATFORMS] },
      image: { type: 'boolean', default: false },
      base: { type: 'string' },
      key: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.base !== undefined && !values.image) throw new TypeError('--base goes with --image');
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const platforms = values.platform.map(toPlatform);
  if (values.image && platforms.every(isWindows)) throw new TypeError('--image needs a --platform of Linux');
  const key = values.key === undefined ? undefined : await readKey(values.key);
  await requireReplaceable(values.output);
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-release-'));
  try {
    await writeRelease({ ...values, platforms, key }, scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return 0;
}

/** The key that signs at the end, before anything is built. @throws TypeError */
async function readKey(file: string): Promise<PrivateKey> {
  try {
    return await readPrivateKey({ armoredKey: await readFile(file, 'utf8') });
  } catch (cause) {
    throw new TypeError(`--key ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** The folder is removed with all that is in it, which may be a release and nothing else. @throws TypeError */
async function requireReplaceable(output: string): Promise<void> {
  const names = await readdir(output).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new TypeError(`--output ${output}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  const other = names.find((name) => !/^(?:signet-.+|sha256sum\.txt(?:\.asc)?)$/.test(name));
  if (other === undefined) return;
  throw new TypeError(
    `--output ${output}: it holds ${JSON.stringify(other)}, which no release wrote: name another folder`,
  );
}

interface ReleaseOptions {
  readonly output: string;
  readonly platforms: readonly ReleasePlatform[];
  readonly image: boolean;
  readonly base?: string | undefined;
  readonly key: PrivateKey | undefined;
}

async function writeRelease(options: ReleaseOptions, scratch: string): Promise<void> {
  const { output, platforms, key, base } = options;
  const source = await readSource();
  const at = (name: string): string => path.join(output, name);
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  const names: string[] = [];
  const write = async (name: string, build: (file: string) => Promise<unknown>): Promise<void> => {
    process.stderr.write(`building ${name} …\n`);
    await build(at(name));
    names.push(name);
  };
  const stored = await bundleStored('node24');
  const toName = (platform: ReleasePlatform): string =>
    `signet-${source.version}-${platform}${isWindows(platform) ? '.exe' : ''}`;
  for (const platform of platforms) {
    await write(toName(platform), (file) => buildSingleFile(stored, platform, file, scratch));
  }
  if (options.image) {
    const { version, time } = source;
    const programs = new Map(platforms.map((platform) => [platform, at(toName(platform))]));
    const build = (file: string) => buildContainerImage({ programs, version, time, base }, file, scratch);
    await write(`signet-${version}-image.tar`, build);
  }
  const bundled = new Set(stored.packages);
  await write(`signet-${source.version}.tgz`, async (file) => {
    for (const name of await packNpmPackage(source.version, file, scratch)) bundled.add(name);
  });
  const read = async () => await Promise.all(names.map(async (name) => toReleasedFile(name, await readFile(at(name)))));
  const built = await read();
  const described = await describePackages(bundled);
  await write(`signet-${source.version}.spdx.json`, (file) => writeJson(file, toSbom(source, built, described)));
  await write(`signet-${source.version}.provenance.json`, (file) => writeJson(file, toProvenance(source, built)));
  const checksums = toChecksums(await read());
  await writeFile(at('sha256sum.txt'), checksums);
  if (key !== undefined) {
    const message = await createCleartextMessage({ text: checksums });
    await writeFile(at('sha256sum.txt.asc'), await sign({ message, signingKeys: key }));
  }
  process.stdout.write(checksums);
}

async function readSource() {
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const git = async (...args: readonly string[]) => (await run('git', ['-C', ROOT, ...args])).stdout.trim();
  return {
    version,
    commit: await git('rev-parse', 'HEAD'),
    time: new Date(Number(await git('log', '-1', '--format=%ct')) * 1000),
    node: process.versions.node,
    lockSha256: hash('sha256', await readFile(path.join(ROOT, 'package-lock.json'))),
  };
}

async function writeJson(file: string, document: object): Promise<void> {
  await writeFile(file, `${JSON.stringify(document, null, 2)}\n`);
}

function toPlatform(name: string): ReleasePlatform {
  const platform = PLATFORMS.find((each) => each === name);
  if (platform === undefined)
    throw new TypeError(`--platform takes ${PLATFORMS.join(', ')}, not ${JSON.stringify(name)}`);
  return platform;
}

try {
  process.exitCode = await main();
} catch (error) {
  // A wrong option is the caller's, as all the scripts have it.
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}

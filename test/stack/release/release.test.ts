import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { generateKey } from 'openpgp';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import { removeSignature } from '../../../scripts/release/remove-signature.ts';
import {
  FIXTURE_RELEASES,
  FIXTURE_STORE,
  FIXTURE_TRUST,
  fixtureReleases,
  readFixtureDocuments,
} from '../../support/fixture-releases.ts';

const run = promisify(execFile);
const Sbom = v.object({ packages: v.array(v.object({ name: v.string(), licenseDeclared: v.string() })) });
const Manual = v.object({ man: v.array(v.string()) });
const Provenance = v.object({
  subject: v.array(v.object({ name: v.string() })),
  predicate: v.object({
    buildDefinition: v.object({
      resolvedDependencies: v.array(v.object({ digest: v.record(v.string(), v.string()) })),
    }),
  }),
});
const ROOT = path.join(import.meta.dirname, '../../..');
const NODE = process.execPath;
const PLATFORM = `${process.platform}-${process.arch}`;
const PULLSPEC = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const VERIFY = ['verify', PULLSPEC, '--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE];

let work = '';
let version = '';
const at = (...parts: readonly string[]): string => path.join(work, ...parts);

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** As on a machine with nothing but the artefact: no path, an empty home. */
async function call(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(program, args, { cwd: at('empty'), env: { HOME: at('empty'), ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => (stderr += String(text)));
  await once(child, 'close');
  return { status: child.exitCode, stdout, stderr };
}

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-release-test-'));
  await mkdir(at('empty'));
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'Releaser' }], format: 'armored' });
  await writeFile(at('key.asc'), privateKey);
  await writeFile(at('public.asc'), publicKey);
  const build = async (output: string): Promise<void> => {
    const platforms = ['--platform', PLATFORM, '--platform', 'win-x64'];
    await run(NODE, ['scripts/release.ts', '--output', at(output), ...platforms, '--key', at('key.asc')], {
      cwd: ROOT,
    });
  };
  await build('first');
  await build('second');
  version =
    readdirSync(at('first'))
      .find((name) => name.endsWith('.tgz'))
      ?.slice('signet-'.length, -'.tgz'.length) ?? '';
}, 300_000);
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

test('two builds of one commit are identical, but for the signature', () => {
  const names = readdirSync(at('first'));
  expect(names.toSorted()).toEqual(
    [
      'sha256sum.txt',
      'sha256sum.txt.asc',
      `signet-${version}-${PLATFORM}`,
      `signet-${version}-win-x64.exe`,
      `signet-${version}.provenance.json`,
      `signet-${version}.spdx.json`,
      `signet-${version}.tgz`,
    ].toSorted(),
  );
  const differing = names.filter((name) => !readFileSync(at('first', name)).equals(readFileSync(at('second', name))));
  expect(differing).toEqual(['sha256sum.txt.asc']);
});

test('Signet verifies the checksums of its own release, and refuses a changed file', async () => {
  const program = at('first', `signet-${version}-${PLATFORM}`);
  const verify = ['checksums', 'verify', at('first/sha256sum.txt.asc'), '--keyring', at('public.asc')];
  expect(await call(program, verify)).toMatchObject({ status: 0 });
  await cp(at('first'), at('changed'), { recursive: true });
  await writeFile(at('changed', `signet-${version}.spdx.json`), '{}');
  const changed = ['checksums', 'verify', at('changed/sha256sum.txt.asc'), '--keyring', at('public.asc')];
  expect(await call(program, changed)).toMatchObject({ status: 1 });
});

test('names in the SBOM every package whose code is inside, and the commit in the provenance', async () => {
  const read = (name: string): unknown =>
    JSON.parse(readFileSync(at('first', `signet-${version}.${name}.json`), 'utf8'));
  const { packages } = v.parse(Sbom, read('spdx'));
  const names = packages.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'signet',
      'node',
      'commander',
      'fauxqs',
      'openpgp',
      'seek-bzip',
      'valibot',
      'yaml',
      '@sigstore/verify',
    ]),
  );
  expect(names.filter((name) => ['esbuild', 'postject', 'typescript', 'vitest'].includes(name))).toEqual([]);
  expect(packages.filter(({ licenseDeclared }) => licenseDeclared === 'NOASSERTION')).toEqual([]);
  const { stdout } = await run('git', ['-C', ROOT, 'rev-parse', 'HEAD']);
  const { predicate, subject } = v.parse(Provenance, read('provenance'));
  expect(predicate.buildDefinition.resolvedDependencies[0]?.digest['gitCommit']).toBe(stdout.trim());
  expect(subject.map(({ name }) => name)).toContain(`signet-${version}.tgz`);
});

describe('the single file', () => {
  const program = (): string => at('first', `signet-${version}-${PLATFORM}`);

  test('is at most 130 MB, and 50 MB compressed', () => {
    expect(statSync(program()).size).toBeLessThanOrEqual(130_000_000);
    expect(gzipSync(readFileSync(program()), { level: 6 }).length).toBeLessThanOrEqual(50_000_000);
  });

  test('is carried in: an empty folder, an archive, and what a person compares', async () => {
    await mkdir(at('site'));
    const from = ['--from', FIXTURE_RELEASES, '--trust', FIXTURE_TRUST];
    const created = await call(program(), [
      'bundle',
      'create',
      at('carry.tar.gz'),
      ...from,
      '--with-tool',
      '--with-trust',
    ]);
    expect(created).toMatchObject({ status: 0, stderr: '' });
    await run('tar', ['-xzf', at('carry.tar.gz'), '-C', at('site')]);
    const sums = readFileSync(at('site/sha256sum.txt'), 'utf8');
    const [sum] = (await run('sha256sum', [program()])).stdout.split(' ');
    expect(sums).toContain(`${sum}  signet-${version}-${PLATFORM}\n`);
    await run('sha256sum', ['--check', '--quiet', 'sha256sum.txt'], { cwd: at('site') });
    const carried = at('site', `signet-${version}-${PLATFORM}`);
    const trust = ['--trust', at('site/trust')];
    const imported = ['bundle', 'import', at('site/bundle.tar.gz'), ...trust, '--to', at('site/data/objects')];
    expect(await call(carried, imported)).toMatchObject({ status: 0, stderr: '' });
    const verify = ['verify', PULLSPEC, ...trust, '--store', at('site/data/objects/signatures')];
    expect(await call(carried, verify)).toMatchObject({ status: 0, stderr: '' });
  });

  test('verifies without Node, and says what is wrong with a call', async () => {
    expect(await call(program(), VERIFY)).toMatchObject({ status: 0, stderr: '' });
    for (const [args, message] of [
      [['verify', 'a b', '--trust', FIXTURE_TRUST], /^signet: .+\n$/],
      [['verify', PULLSPEC, '--trust', '/no/such'], /^signet: .*\/no\/such.*\n$/],
    ] as const) {
      const { status, stdout, stderr } = await call(program(), args);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(message);
    }
  });

  test('decides about single signatures by a script of their own, as by the one of all commands', async () => {
    const [digest] = PULLSPEC.split('@').slice(1);
    const file = path.join(FIXTURE_STORE, digest?.replace(':', '=') ?? '', 'signature-1');
    const verify = ['signature', 'verify', file];
    const trust = await prepareTrust('ocp', readFixtureDocuments());
    await writeFile(at('prepared.json'), JSON.stringify(trust));
    const key = /-----BEGIN[\s\S]+?-----END PGP PUBLIC KEY BLOCK-----/.exec(
      String(readFixtureDocuments()[0]?.bytes),
    )?.[0];
    await writeFile(at('release-key.asc'), key?.replaceAll(/^ +/gm, '') ?? '');
    await writeFile(at('junk'), 'junk');
    const prepared = ['--prepared', at('prepared.json')];
    for (const [args, status, stdout, stderr] of [
      [[...verify, ...prepared], 0, `valid  ${digest}`, /^$/],
      [[...verify, '--keyring', at('release-key.asc')], 0, `valid  ${digest}`, /^$/],
      [[...verify, '--keyring', at('public.asc')], 1, 'invalid  KeyUnknown', /^$/],
      [['signature', 'verify', at('junk'), ...prepared], 1, 'invalid  SignatureMalformed', /^$/],
      [[...verify, '--keyring', at('junk')], 2, '', /^signet: .*junk.*\n$/],
      [['signature', 'verify', '/no/such', ...prepared], 2, '', /^signet: .*\/no\/such.*\n$/],
      [['signature', 'check'], 2, '', /^error: unknown command 'check'\n/],
      [['signature', '--help'], 0, 'Usage: signet signature', /^$/],
      [['signatures'], 2, '', /Did you mean signature/],
      [['version'], 0, `signet ${version} `, /^$/],
    ] as const) {
      const ended = await call(program(), args);
      expect([args, ended.status, ended.stdout.slice(0, stdout.length)]).toEqual([args, status, stdout]);
      expect(ended.stderr).toMatch(stderr);
    }
  });

  test('runs what was compiled when it was built, and reads no script that a call does without', async () => {
    await writeFile(
      at('spy.cjs'),
      `const vm = require('node:vm');
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    process.stderr.write(options.filename + ' ' + this.cachedDataRejected + '\\n');
  }
};`,
    );
    const read = async (...args: readonly string[]): Promise<readonly string[]> => {
      const { stderr } = await call(program(), args, { NODE_OPTIONS: `--require=${at('spy.cjs')}` });
      return stderr.split('\n').filter((line) => line !== '');
    };
    expect(await read(...VERIFY)).toEqual(['verify.cjs false', 'openpgp.cjs false']);
    expect(await read('version')).toEqual(['signet.cjs false']);
    expect(await read('signature', 'verify', '/no/such', '--prepared', at('prepared.json'))).toEqual([
      'signature.cjs false',
      expect.stringMatching(/^signet: /),
    ]);
    expect(await read('signature', 'verify', at('junk'), '--keyring', at('public.asc'))).toEqual([
      'signature.cjs false',
      'openpgp.cjs false',
    ]);
  });

  test('runs the service, which stops in order', async () => {
    const child = spawn(program(), ['serve', '--port', '0', '--data', at('data')], { cwd: at('empty'), env: {} });
    let stderr = '';
    const url = await new Promise<string>((resolve, reject) => {
      child.once('close', () => reject(new Error(stderr)));
      child.stderr.on('data', (text) => {
        stderr += String(text);
        const [, found] = /ready at (\S+)/.exec(stderr) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    const answer = await fetch(`${url}/healthz`);
    child.removeAllListeners('close').kill('SIGTERM');
    await once(child, 'close');
    expect([answer.status, child.exitCode, stderr.endsWith('stopped\n')]).toEqual([200, 0, true]);
  });
});

describe('the single file for Windows', () => {
  // No machine here runs it: what is tested is its form.
  const program = (): Buffer => readFileSync(at('first', `signet-${version}-win-x64.exe`));

  test('is a 64-bit program that holds the script, is told so, and carries nobody’s signature', () => {
    const bytes = program();
    const headers = bytes.subarray(bytes.readUInt32LE(0x3c));
    expect([headers.toString('latin1', 0, 4), headers.readUInt16LE(0x18)]).toEqual(['PE\0\0', 0x20b]);
    expect(headers.readBigUInt64LE(0xa8)).toBe(0n);
    expect(bytes.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1')).toBe(true);
    // Names of resources are UTF-16.
    expect(bytes.includes(Buffer.from('NODE_SEA_BLOB', 'utf16le'))).toBe(true);
    const names = ['main.cjs', 'signet.cjs', 'signature.cjs', 'verify.cjs', 'openpgp.cjs'];
    expect(names.filter((name) => !bytes.includes(name))).toEqual([]);
  });

  test('is at most 130 MB, and 50 MB compressed', () => {
    expect(program().length).toBeLessThanOrEqual(130_000_000);
    expect(gzipSync(program(), { level: 6 }).length).toBeLessThanOrEqual(50_000_000);
  });

  test('a program that is none of Windows, or whose signature is not its end, is not made', () => {
    const unsigned = program();
    expect(removeSignature(unsigned)).toBe(unsigned);
    const signed = Buffer.concat([unsigned, Buffer.alloc(64, 7)]);
    const place = signed.readUInt32LE(0x3c) + 0xa8;
    signed.writeUInt32LE(unsigned.length, place);
    signed.writeUInt32LE(64, place + 4);
    const removed = removeSignature(signed);
    expect([removed.length, removed.readBigUInt64LE(place)]).toEqual([unsigned.length, 0n]);
    expect(() => removeSignature(Buffer.concat([signed, Buffer.from('x')]))).toThrow('does not end');
    for (const other of [Buffer.alloc(0), Buffer.alloc(512), readFileSync(NODE).subarray(0, 4096)]) {
      expect(() => removeSignature(other)).toThrow('not a 64-bit Windows program');
    }
  });
});

describe('the npm package', () => {
  const installed = (): string => at('empty/node_modules/@signet-trust/signet');
  beforeAll(async () => {
    await writeFile(at('empty/package.json'), '{"type":"module"}');
    // Offline: it depends on nothing.
    const args = ['install', '--offline', '--no-audit', '--no-fund', at('first', `signet-${version}.tgz`)];
    await run('npm', args, { cwd: at('empty') });
  });

  test('holds what it needs, at most 60 MB', () => {
    expect(readdirSync(at('empty/node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['@signet-trust']);
    const files = readdirSync(installed(), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);
    expect(bytes).toBeLessThan(60_000_000);
  });

  test('brings the manual pages along, which npm links where it installs for all', async () => {
    const { man } = v.parse(Manual, JSON.parse(readFileSync(path.join(installed(), 'package.json'), 'utf8')));
    expect(man).toContain('man/signet.1');
    expect(readdirSync(path.join(installed(), 'man')).map((name) => `man/${name}`)).toEqual(man.toSorted());
    const { stdout } = await call(NODE, [path.join(installed(), 'bin/signet.cjs'), 'man', 'verify']);
    expect(stdout).toBe(readFileSync(path.join(installed(), 'man/signet-verify.1'), 'utf8'));
  });

  test('verifies', async () => {
    const program = path.join(installed(), 'bin/signet.cjs');
    expect(await call(NODE, [program, ...VERIFY])).toMatchObject({ status: 0, stderr: '' });
  });

  test('an older Node says what it needs, and exits 70', async () => {
    const launcher = readFileSync(path.join(installed(), 'bin/signet.cjs'), 'utf8');
    for (const [running, status] of [
      ['v20.20.2', 70],
      ['v22.22.1', 70],
      ['v23.11.0', 70],
      ['v24.14.9', 70],
    ] as const) {
      const script = `Object.defineProperty(process, 'version', { value: '${running}' });
Object.defineProperty(process.versions, 'node', { value: '${running.slice(1)}' });
${launcher.replace(/^#!.*\n/, '')}`;
      const stderr = `signet needs Node 22.22.2 or later, or 24.15 or later; this is ${running}\n`;
      expect(await call(NODE, ['-e', script])).toEqual({ status, stdout: '', stderr });
    }
  });

  test('the library decides about bytes, with types', async () => {
    const digest = PULLSPEC.split('@')[1] ?? '';
    await writeFile(
      at('empty/use.mjs'),
      `import { readFileSync, readdirSync } from 'node:fs';
import { createVerifier, parsePullspec } from '@signet-trust/signet';
const folder = ${JSON.stringify(path.join(FIXTURE_TRUST, 'ocp'))};
const documents = readdirSync(folder).map((name) => ({ name, bytes: readFileSync(folder + '/' + name) }));
const verifier = await createVerifier(documents, 'ocp');
const pullspec = ${JSON.stringify(PULLSPEC)};
const signature = readFileSync(${JSON.stringify(path.join(FIXTURE_STORE, digest.replace(':', '='), 'signature-1'))});
const junk = Buffer.from('junk');
const outcomes = [];
for (const signatures of [[signature], [junk, signature], [junk], []]) {
  outcomes.push((await verifier.verify({ pullspec, signatures })).outcome);
}
console.log(JSON.stringify([parsePullspec(pullspec).digest, ...outcomes]));`,
    );
    const { stdout } = await call(NODE, [at('empty/use.mjs')]);
    expect(JSON.parse(stdout)).toEqual([digest, 'accepted', 'accepted', 'rejected', 'rejected']);
    await writeFile(
      at('empty/use.ts'),
      `import { createVerifier, type Verdict } from '@signet-trust/signet';
const verifier = await createVerifier([], 'ocp');
const { outcome }: Verdict = await verifier.verify({ pullspec: 'x', signatures: [new Uint8Array()] });
// @ts-expect-error an outcome is no number
export const wrong: number = outcome;`,
    );
    const types = path.join(ROOT, 'node_modules/@types');
    const args = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--types',
      'node',
      '--typeRoots',
    ];
    const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
    expect(await call(tsc, [...args, types, 'use.ts'], { PATH: path.dirname(NODE) })).toMatchObject({ status: 0 });
  });
});

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { parse } from 'yaml';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { ALL, type RecordedCalls } from './script-runner.ts';

const run = promisify(execFile);
/** Releases signed by a test publisher, and its trust. */
const RELEASES = path.join(import.meta.dirname, '../../test/fixtures/releases');
const TRUST_FILE = 'release-verification.yaml';
const DIGEST = '288d8f4bf7b6d00694dd8b930511426ef0d6946540defd0ec093fcef34c69f32';
const PULLSPEC = `quay.io/openshift-release-dev/ocp-release@sha256:${DIGEST}`;
const SIGNATURE = path.join(RELEASES, `signatures/sha256=${DIGEST}/signature-1`);
const Trust = v.object({ data: v.object({ 'verifier-public-key-fixture': v.string() }) });

/** V8 writes random numbers into what it compiled; two builds with one seed are identical. */
export const SEED = '--random-seed=1';
/** A thread that compiles on the side leaves a mark in some functions, and in which depends on its speed. */
const IN_ORDER = '--no-concurrent-sparkplug';

/**
 * What V8 compiles of the scripts while they verify a release. Code that V8 makes before a script runs holds no function
 * but the outermost: each is then compiled in each call.
 *
 * @param scratch a directory that is there
 * @returns by the names of the scripts; one that no call needs has none
 */
export async function compileScripts(
  scripts: ReadonlyMap<string, Uint8Array>,
  scratch: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = path.join(scratch, 'compiled');
  await mkdir(folder, { recursive: true });
  const at = (name: string): string => path.join(folder, name);
  for (const [name, source] of scripts) await writeFile(at(`${name}.cjs`), source);
  const bytes = await readFile(path.join(RELEASES, 'trust/ocp', TRUST_FILE));
  await writeFile(at('prepared.json'), JSON.stringify(await prepareTrust('ocp', [{ name: TRUST_FILE, bytes }])));
  await writeFile(at('keys.asc'), v.parse(Trust, parse(String(bytes))).data['verifier-public-key-fixture']);
  const verify = [
    'verify',
    PULLSPEC,
    '--trust',
    path.join(RELEASES, 'trust'),
    '--store',
    path.join(RELEASES, 'signatures'),
  ];
  const calls: readonly RecordedCalls[] = [
    {
      script: 'signature',
      lines: [
        ['signature', 'verify', SIGNATURE, '--prepared', at('prepared.json')],
        ['signature', 'verify', SIGNATURE, '--keyring', at('keys.asc')],
      ],
    },
    { script: 'verify', lines: [verify] },
    // What the other commands share with it.
    { script: ALL, lines: [verify] },
  ];
  const program = path.join(import.meta.dirname, 'record-code.ts');
  // A process for each: random numbers that one took would be others for the next, depending on what waited for what.
  // Nobody's settings: what they name would run too.
  const options = { cwd: folder, env: { HOME: folder } };
  for (const call of calls)
    await run(process.execPath, [SEED, IN_ORDER, program, folder, JSON.stringify(call)], options);
  const recorded = [...scripts.keys()].filter((name) => existsSync(at(`${name}.code`)));
  return new Map(await Promise.all(recorded.map(async (name) => [name, await readFile(at(`${name}.code`))] as const)));
}

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runSignet } from '../support/run-signet.ts';

const run = promisify(execFile);
let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-completion-'));
  await mkdir(path.join(work, 'trust-here'));
  await writeFile(path.join(work, 'trust-file'), '');
  await writeFile(path.join(work, 'script'), (await runSignet(['completion', 'bash'])).stdout);
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

/** What bash offers for the last of these words. */
async function complete(...words: readonly string[]): Promise<readonly string[]> {
  const all = ['signet', ...words].map((word) => `'${word}'`).join(' ');
  const script = `. ./script; COMP_WORDS=(${all}); COMP_CWORD=${words.length}; _signet; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', script], { cwd: work });
  return stdout.trim().split('\n');
}

describe('bash completes', () => {
  test.each<[name: string, words: readonly string[], offered: readonly string[]]>([
    ['a noun', ['ver'], ['verify', 'version']],
    ['a verb', ['mirror', 's'], ['sync', 'sigstore']],
    ['an option', ['verify', '--tru'], ['--trust']],
    ['an option of every command', ['verify', '--qu'], ['--quiet']],
    ['a value', ['verify', '-o', 'j'], ['json', 'junit', 'jsonpath=']],
    ['a value of one command', ['verify', '--as', ''], ['hive', 'clusterversion']],
    ['a folder', ['verify', '--trust', 'trust-'], ['trust-here']],
    ['a file', ['image', 'verify', '--policy', 'trust-f'], ['trust-file']],
    ['no name that only the user knows', ['verify', '--profile', 'trust-'], ['']],
    ['a file as an argument', ['explain', 'trust-f'], ['trust-file']],
  ])('%s', async (_, words, offered) => {
    expect(await complete(...words)).toEqual(offered);
  });
});

test('fish completes values, folders and files, each for its command', async () => {
  const { stdout } = await runSignet(['completion', 'fish']);
  const lines = stdout.split('\n');
  const condition = '__fish_seen_subcommand_from mirror; and __fish_seen_subcommand_from sync';
  expect(lines).toContain(`complete -c signet -n '${condition}' -l trust -x -a '(__fish_complete_directories)'`);
  expect(lines).toContain(`complete -c signet -n '${condition}' -l tls-ca -r -F`);
  expect(lines).toContain(
    "complete -c signet -n '__fish_seen_subcommand_from verify' -l as -x -a 'hive clusterversion'",
  );
});

test('zsh takes the functions of bash', async () => {
  expect((await runSignet(['completion', 'zsh'])).stdout).toMatch(
    /^autoload -U \+X bashcompinit && bashcompinit\n_signet\(\)/,
  );
});

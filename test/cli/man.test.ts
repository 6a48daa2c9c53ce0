import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command, Option } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePages } from '../../cli/man/pages.ts';
import { buildProgram } from '../../cli/shell/build-program.ts';
import { EXIT_CODES } from '../../cli/shell/exit-codes.ts';
import { loadNouns, NOUNS } from '../../cli/shell/nouns.ts';
import { runSignet, toRun } from '../support/run-signet.ts';

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-man-'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

const program = buildProgram(toRun(), await loadNouns());
const pages = makePages(program);

describe('manual pages', () => {
  test('there is one of the program and one of each noun, and the first names the others', () => {
    expect([...pages.keys()]).toEqual(['signet.1', ...Object.keys(NOUNS).map((noun) => `signet-${noun}.1`)]);
    for (const noun of Object.keys(NOUNS)) expect(pages.get('signet.1')).toContain(`\\fBsignet\\-${noun}\\fR(1)`);
  });

  test('every command has its synopsis, every option its line, and every exit status its words', () => {
    for (const noun of program.commands) {
      const page = pages.get(`signet-${noun.name()}.1`) ?? '';
      for (const command of noun.commands.length === 0 ? [noun] : noun.commands) {
        const words = command === noun ? noun.name() : `${noun.name()} ${command.name()}`;
        expect(page).toContain(`\\fBsignet ${words.replaceAll('-', '\\-')}\\fR`);
        expect(page.split('.SH EXIT STATUS')[1]).toContain((EXIT_CODES[words] ?? '?').split(/[-’]/)[0]);
        for (const { long } of command.options.filter(({ helpGroupHeading }) => helpGroupHeading === undefined)) {
          expect(page).toContain((long ?? '?').replaceAll('-', '\\-'));
        }
      }
    }
    expect(pages.get('signet-verify.1')).not.toContain('\\-\\-quiet');
    expect(pages.get('signet.1')).toContain('\\-\\-quiet');
    expect(pages.get('signet-verify.1')).toContain('Examples: signet verify quay.io/');
  });

  test('what a description holds is text, and no request of roff', () => {
    const made = new Command('signet');
    const odd = made
      .command('odd')
      .description(".so /etc/passwd\n'sp\n\\fB“a”-b")
      .configureHelp({ commandUsage: () => 'signet odd' });
    odd.addOption(new Option('--x <y>', '.de x')).addHelpText('after', '\n.ig\n\nend');
    const page = makePages(made).get('signet-odd.1') ?? '';
    expect(page).toContain("\\&.so /etc/passwd\n\\&'sp\n\\efB\\[u201C]a\\[u201D]\\-b");
    expect(page).toContain('\\&.de x');
    expect(page).toContain('.nf\n\\&.ig\n.sp\nend\n.fi');
    const requests = page.split('\n').flatMap((line) => /^[.']\s*(\w+)/.exec(line)?.[1] ?? []);
    expect(new Set(requests)).toEqual(new Set(['TH', 'SH', 'PP', 'TP', 'nf', 'sp', 'fi']));
  });
});

describe('signet man', () => {
  test.each([
    ['the program', [], '.TH SIGNET 1 '],
    ['a noun', ['verify'], '.TH SIGNET-VERIFY 1 '],
    ['a noun with verbs', ['mirror'], '.TH SIGNET-MIRROR 1 '],
  ])('prints the page of %s', async (_, args, start) => {
    const { status, stdout, stderr } = await runSignet(['man', ...args]);
    expect([status, stderr, stdout.slice(0, start.length)]).toEqual([0, '', start]);
  });

  test('writes every page into a folder that it makes', async () => {
    const folder = path.join(work, 'share/man/man1');
    const { status, stdout } = await runSignet(['man', '--to', folder]);
    expect([status, stdout]).toEqual([0, `wrote ${pages.size} pages to ${folder}\n`]);
    expect((await readdir(folder)).toSorted()).toEqual([...pages.keys()].toSorted());
    expect(await readFile(path.join(folder, 'signet-verify.1'), 'utf8')).toBe(
      (await runSignet(['man', 'verify'])).stdout,
    );
  });

  test.each<[string, () => readonly string[], RegExp]>([
    ['a command that there is not', () => ['nothing'], /there is no command "nothing"/],
    ['a command with --to', () => ['verify', '--to', work], /name no command/],
    ['a folder that is a file', () => ['--to', path.join(work, 'file')], /cannot write .*: a file is in its place\n$/],
  ])('%s is a wrong call', async (_, args, reason) => {
    await writeFile(path.join(work, 'file'), '');
    const { status, stdout, stderr } = await runSignet(['man', ...args()]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(reason);
  });
});

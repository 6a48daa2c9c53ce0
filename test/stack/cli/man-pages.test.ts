import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { makePages } from '../../../cli/man/pages.ts';
import { buildProgram } from '../../../cli/shell/build-program.ts';
import { loadNouns } from '../../../cli/shell/nouns.ts';
import { toRun } from '../../support/run-signet.ts';
import { findTool } from '../../support/tools.ts';

const mandoc = findTool('mandoc');
const pages = makePages(buildProgram(toRun(), await loadNouns()));

/** Two builds of one version are identical: a page has no date. */
const WITHOUT_DATE = /missing date, using ""/;

function run(page: string, ...args: readonly string[]): string {
  return spawnSync(mandoc ?? '', [...args], { input: page, encoding: 'utf8' }).stdout;
}

describe.runIf(mandoc !== undefined)('manual pages beside mandoc', () => {
  test.each([...pages])('%s', (_, page) => {
    const said = run(page, '-T', 'lint', '-W', 'warning').split('\n');
    expect(said.filter((line) => line !== '' && !WITHOUT_DATE.test(line))).toEqual([]);
  });

  test('mandoc finds what is wrong with a page', () => {
    expect(run(`${pages.get('signet.1') ?? ''}\n.SH\n.nonsense\n`, '-T', 'lint', '-W', 'warning')).toContain(
      'nonsense',
    );
  });

  test('what is read is what the help says', () => {
    const struck = run(pages.get('signet-verify.1') ?? '', '-T', 'utf8', '-O', 'width=500').split('\b');
    // Bold is a character struck twice.
    const read = struck.map((part, at) => (at < struck.length - 1 ? part.slice(0, -1) : part)).join('');
    expect(read).toContain('signet verify --trust <dir> [options] [pullspec...]');
    expect(read).toContain('read signatures here instead of the profile’s stores');
  });
});

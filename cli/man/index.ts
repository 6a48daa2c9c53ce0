import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { toWriteError } from '../../lib/platform/files/file-error.ts';
import { parseNotEmpty } from '../shell/options.ts';
import { countOf, print } from '../shell/output.ts';
import { ExitStatus, type Run } from '../shell/run-program.ts';

/** `signet man`: of all commands that the program has. */
export function addMan(program: Command, { setStatus }: Run): void {
  program
    .command('man')
    .description('print a manual page, or write them all')
    .argument('[command]', 'the command, such as verify (default: the program)')
    .addOption(
      new Option('--to <dir>', 'write every page into this folder, such as ~/.local/share/man/man1').argParser(
        parseNotEmpty,
      ),
    )
    .addHelpText('after', '\nExample: signet man verify | man -l -')
    .action(async (name: string | undefined, { to }: { readonly to?: string }) => {
      const { makePages } = await import('./pages.ts');
      const pages = makePages(program);
      setStatus(to === undefined ? printPage(pages, name) : await writePages(pages, name, to));
    });
}

/** @throws InputError for a command that there is not */
function printPage(pages: ReadonlyMap<string, string>, name: string | undefined): number {
  const page = pages.get(name === undefined ? 'signet.1' : `signet-${name}.1`);
  if (page === undefined)
    throw new InputError('ArgumentInvalid', `there is no command ${JSON.stringify(name)}; signet --help lists them`);
  process.stdout.write(page);
  return ExitStatus.done;
}

/** @throws InputError where the folder cannot be written */
async function writePages(pages: ReadonlyMap<string, string>, name: string | undefined, to: string): Promise<number> {
  if (name !== undefined) throw new InputError('ArgumentInvalid', '--to writes every page: name no command');
  try {
    await mkdir(to, { recursive: true });
    for (const [file, page] of pages) await writeFile(path.join(to, file), page);
  } catch (cause) {
    throw toWriteError(to, cause);
  }
  print(`wrote ${countOf(pages.size, 'page')} to ${to}`);
  return ExitStatus.done;
}

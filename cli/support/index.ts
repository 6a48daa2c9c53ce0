import { type Command, Option } from 'commander';
import { outputOption, parseNotEmpty } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { SupportOptions } from './support.ts';

/** `signet support` */
export function addSupport(program: Command, { setStatus }: Run): void {
  program
    .command('support')
    .description('print what a report of a fault needs: versions, trust revisions and settings, without secrets')
    // Neither is taken from the settings: a faulty file of them is told, and ends nothing.
    .addOption(
      new Option('--trust <dir>', 'trust documents whose revisions are told (default: the setting)').argParser(
        parseNotEmpty,
      ),
    )
    .addOption(outputOption('how to print the result', ['text', 'json'], 'text'))
    .addHelpText(
      'after',
      `
Nothing is contacted. No secret file is read. Of a URL it shows scheme and host, of a path no part that may be a token,
of a fault its code and place. Read what it prints before you send it.`,
    )
    .action(async (given: SupportOptions) => {
      const { showSupport } = await import('./support.ts');
      setStatus(await showSupport(given));
    });
}

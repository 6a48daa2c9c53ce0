import { type Command, InvalidArgumentError, Option } from 'commander';
import { options, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { ListLettersOptions } from './list.ts';
import type { RedriveLettersOptions } from './redrive.ts';

/** `signet dlq …` */
export function addDlq(program: Command, { setStatus, signal }: Run): void {
  const dlq = program.command('dlq').description('dead letters: messages that were given up, each with its reason');
  const queue = 'URL of the queue of dead letters; push, mirror, export or notify for the service on --data';
  const directory = (): Option =>
    new Option('--data <dir>', 'where the service that runs on this machine keeps its data')
      .argParser(parseNotEmpty)
      .default('./data');
  dlq
    .command('list')
    .description('show dead letters and why each is one; they stay where they are')
    .argument('<queue>', queue)
    .addOption(directory())
    .addOption(new Option('--limit <n>', 'letters to show at most').argParser(parseLimit).default(100))
    .addOption(options.output())
    .action(async (named: string, given: ListLettersOptions) => {
      const { listLetters } = await import('./list.ts');
      setStatus(await listLetters(named, given, signal));
    });
  dlq
    .command('redrive')
    .description('put dead letters back into the queue that they come from; all, unless some are chosen')
    .argument('<queue>', queue)
    .addOption(
      new Option('--to <url>', 'queue to put them into; known for push, mirror, export and notify').argParser(
        parseNotEmpty,
      ),
    )
    .addOption(directory())
    .addOption(repeatable('--id <message>', 'only the letter with this message ID (repeatable)'))
    .addOption(new Option('--reason <text>', 'only letters whose reason contains this').argParser(parseNotEmpty))
    .option('--dry-run', 'show what would be moved, and move nothing')
    .addOption(options.output())
    .action(async (named: string, given: RedriveLettersOptions) => {
      const { redrive } = await import('./redrive.ts');
      setStatus(await redrive(named, given, signal));
    });
}

const MAX_LIMIT = 10_000;

/** For an option that says how many are shown. @throws InvalidArgumentError */
function parseLimit(text: string): number {
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) throw new InvalidArgumentError(`it must be an integer from 1 to ${MAX_LIMIT}`);
  return limit;
}

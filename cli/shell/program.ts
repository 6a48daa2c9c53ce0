import { Command } from 'commander';
import { VERIFIER_VERSION } from '../../lib/platform/lambda/verifier-version.ts';
import { EXIT_CODES } from './exit-codes.ts';

/** Sets the exit status of the process; commands return it. */
type SetStatus = (status: number) => void;
/** Adds what may follow `signet`. A command's code is loaded when it runs, so that help and small commands start fast. */
export type AddCommand = (program: Command, setStatus: SetStatus) => void;

const EXIT_STATUS_HELP = `
Exit status: 0 accepted or done, 1 rejected, 2 wrong call or unreadable input, 3 indeterminate (retry later),
70 fault of Signet’s own or result not written, 130 interrupted.`;

/** The command line of these commands. */
export function buildProgram(setStatus: SetStatus, nouns: readonly AddCommand[]): Command {
  const program = new Command('signet')
    .description('Decides whether an OpenShift release image may be trusted, and proves why.')
    .version(VERIFIER_VERSION.replace('signet/', ''))
    .showHelpAfterError('(signet --help lists the commands)')
    .addHelpText('after', EXIT_STATUS_HELP)
    .exitOverride();
  for (const add of nouns) add(program, setStatus);
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride().configureHelp({ showGlobalOptions: false });
    const meaning = EXIT_CODES[toCommandPath(command)];
    if (meaning !== undefined) command.addHelpText('after', `\nExit status: ${meaning}.`);
  }
  return program;
}

/** The words of a command after `signet`. */
function toCommandPath(command: Command): string {
  return command.parent === null ? '' : `${toCommandPath(command.parent)} ${command.name()}`.trimStart();
}

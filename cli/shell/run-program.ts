import { Command, CommanderError } from 'commander';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { VERIFIER_VERSION } from '../../lib/platform/lambda/verifier-version.ts';
import { EXIT_CODES, ExitStatus } from './exit-status.ts';
import { toPrintableLines } from './output.ts';

/** The call of a command line that a command is part of. */
export interface Run {
  /** Aborted when the call is cancelled. A command passes it to all that it waits for, and prints no result after it. */
  readonly signal: AbortSignal;
  /** Sets the exit status of the call. */
  readonly setStatus: (status: number) => void;
}

/** Adds what may follow `signet`. A command's code is loaded when it runs, so that help and small commands start fast. */
export type AddCommand = (program: Command, run: Run) => void;

/**
 * Runs one call of these commands, and reports what they throw on standard error. Neither ends the process nor sets its
 * exit status or signal handlers, so that one process can run several calls, one after the other.
 *
 * @param args what follows `signet`
 * @param signal cancels the call
 * @returns the exit status
 */
export async function runProgram(
  nouns: readonly AddCommand[],
  args: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  let status: number = ExitStatus.done;
  const setStatus = (given: number): void => {
    status = given;
  };
  try {
    await buildProgram({ signal, setStatus }, nouns).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!signal.aborted) return report(error);
  }
  // Whatever a cancelled command threw or returned, it comes of the cancellation.
  return signal.aborted ? reportInterrupted() : status;
}

export function reportInterrupted(): number {
  process.stderr.write('signet: interrupted\n');
  return ExitStatus.interrupted;
}

/** Reports an error. Its class decides the exit status; an internal error shows its stack. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitStatus.done : ExitStatus.usage;
  if (error instanceof InputError || error instanceof ConfigurationError) {
    process.stderr.write(`signet: ${toPrintableLines(error.message)}\n`);
    return ExitStatus.usage;
  }
  if (error instanceof StoreError) {
    process.stderr.write(`signet: ${toPrintableLines(error.message)}\n`);
    return ExitStatus.indeterminate;
  }
  process.stderr.write(`signet: internal error: ${error instanceof Error ? error.stack : String(error)}\n`);
  return ExitStatus.internal;
}

const EXIT_STATUS_HELP = `
Exit status: 0 accepted or done, 1 rejected, 2 wrong call or unreadable input, 3 indeterminate (retry later),
70 fault of Signet’s own or result not written, 130 interrupted.`;

/** The command line of these commands. */
export function buildProgram(run: Run, nouns: readonly AddCommand[]): Command {
  const program = new Command('signet')
    .description('Decides whether an OpenShift release image may be trusted, and proves why.')
    .version(VERIFIER_VERSION.replace('signet/', ''))
    .showHelpAfterError('(signet --help lists the commands)')
    .addHelpText('after', EXIT_STATUS_HELP)
    .exitOverride();
  for (const add of nouns) add(program, run);
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

import { CommanderError } from 'commander';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { ExitStatus } from './exit-status.ts';
import { type AddCommand, buildProgram } from './program.ts';
import { toPrintableLines } from './to-printable.ts';

/** Whose fault it was decides the exit status; a fault of Signet's own shows its stack. */
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

/**
 * Runs one call of these commands, and reports what they throw on standard error. Neither ends the process nor sets its
 * exit status or signal handlers, so that one process can run several calls, one after the other.
 *
 * @param args what follows `signet`
 * @returns the exit status
 */
export async function runProgram(nouns: readonly AddCommand[], args: readonly string[]): Promise<number> {
  let status: number = ExitStatus.done;
  const setStatus = (given: number): void => {
    status = given;
  };
  try {
    await buildProgram(setStatus, nouns).parseAsync(args, { from: 'user' });
  } catch (error) {
    return report(error);
  }
  return status;
}

/** Has this process, which is for one call, end on a signal and when nobody reads what it writes. */
export function prepareProcess(): void {
  // A reader that stops early (`signet … | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`signet: the result cannot be written: ${error.message}\n`);
    process.exit(ExitStatus.internal);
  });
  // Nowhere is left to say it; the exit status stays what it is.
  process.stderr.on('error', () => undefined);
  process.on('SIGINT', () => {
    process.stderr.write('signet: interrupted\n');
    process.exit(ExitStatus.interrupted);
  });
}

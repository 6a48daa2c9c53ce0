import { Command, CommanderError } from 'commander';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { VERIFIER_VERSION } from '../../lib/platform/lambda/verifier-version.ts';
import type { Outcome } from '../../lib/verdict/judge/verdict.ts';
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

/** The exit statuses of commands. */
export const ExitStatus = {
  accepted: 0,
  done: 0,
  rejected: 1,
  usage: 2,
  indeterminate: 3,
  internal: 70,
  interrupted: 130,
} as const;

export function toExitStatus(outcome: Outcome): number {
  switch (outcome) {
    case 'accepted':
      return ExitStatus.accepted;
    case 'indeterminate':
      return ExitStatus.indeterminate;
    case 'rejected':
      return ExitStatus.rejected;
    default:
      return ExitStatus.rejected;
  }
}

/**
 * What the exit status of each command means, for its help and docs/reference/commands.md. Those of every command (2, 70,
 * 130) are in the help of the program.
 */
export const EXIT_CODES: Readonly<Record<string, string>> = {
  verify: '0 accepted, 1 rejected, 3 indeterminate; with --fail-on-forced, 1 when only --force accepted',
  check: '0 the pullspec policy accepts, 1 it rejects',
  'signature verify': '0 valid, 1 invalid',
  'checksums verify': '0 signed, and every file matches; 1 not signed, or a file differs, is missing or is not listed',
  'installer check': '0 the release image is accepted, 1 rejected, 2 the file carries none, 3 indeterminate',
  explain: '0 something was understood, 1 nothing was, 3 a store did not answer',
  'fleet check': '0 every cluster is ready, 1 something would be refused, 3 something is unknown',
  'release inspect': '0 every component is by digest and, with --verify-components, accepted; 1 not; 3 indeterminate',
  'report transition': '0 every release is signed by both kinds, 1 one is not, 3 unknown for some',
  'image verify': '0 accepted, 1 rejected, 3 indeterminate',
  'catalog check': '0 every image is pinned, not rejected and, with --verify, accepted; 1 not; 3 indeterminate',
  'rollout check': '0 live on every node, 1 anything else',
  'record verify': '0 confirmed, 1 differs, 3 the object store did not answer',
  'trust add': '0 written, 3 the key file could not be fetched',
  'trust show': '0 shown',
  'trust check': '0 every profile loads, 2 one does not',
  'trust publish': '0 published, 3 the object store did not answer',
  'mirror sync': '0 done, though some releases may not be signed; 3 a store or registry did not answer',
  'mirror check': '0 ready, 1 something is absent or invalid, 3 a place did not answer',
  'mirror sigstore': '0 copied, 1 a conflict or something that does not verify, 3 a registry did not answer',
  'mirror audit': '0 everything verifies, 1 something does not, 3 the mirror did not answer',
  'mirror prune': '0 done, 3 the mirror did not answer',
  'graph check': '0 every payload is canonical, 1 some are not, 3 the update service did not answer',
  'render configmaps': '0 written, 1 something that was asked for is missing, 3 the object store did not answer',
  'render signature-stores': '0 written',
  'render mirror-sets': '0 written',
  'render trust': '0 written',
  'render machineconfig': '0 written, 1 refused: it would lock the cluster out',
  'render webhooks': '0 written',
  'bundle create': '0 written, 3 the mirror or a registry did not answer',
  'bundle inspect': '0 intact, 1 forged or not verified, 2 unreadable',
  'bundle import': '0 imported, 1 something does not verify, 2 unreadable, 3 a place did not answer',
  'dlq list': '0 listed, 3 the queue did not answer',
  'dlq redrive': '0 moved, 3 one could not be moved',
  completion: '0 printed',
};

import { CommanderError } from 'commander';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { hideUrlSecrets } from '../../lib/platform/http/http-url.ts';
import type { Outcome } from '../../lib/verdict/judge/verdict.ts';
import { beginCall } from './begin-call.ts';
import { buildProgram } from './build-program.ts';
import { toPrintableLines } from './output.ts';
import { OwnExit } from './own-exits.ts';
import type { AddCommand, Run } from './run.ts';
import type { Settings } from './settings/setting.ts';
import { loadSettings } from './settings/settings.ts';

export type { AddCommand, Run };

/**
 * Runs one call of these commands, and reports what they throw on standard error. Neither ends the process nor sets its
 * exit status or signal handlers, so that one process can run several calls, one after the other.
 *
 * @param args what follows `signet`
 * @param cancelled cancels the call
 * @returns the exit status
 */
export async function runProgram(
  nouns: readonly AddCommand[],
  args: readonly string[],
  cancelled: AbortSignal,
): Promise<number> {
  let status: number = ExitStatus.done;
  let isStopped = false;
  const setStatus = (given: number): void => {
    status = given;
  };
  const setStopped = (): void => {
    isStopped = true;
  };
  const timeout = new AbortController();
  const signal = AbortSignal.any([cancelled, timeout.signal]);
  const settings = await loadSettings(process.env, process.cwd());
  const report = isJsonWanted(args, settings) ? reportAsJson : reportAsText;
  let end = (): void => undefined;
  try {
    const program = buildProgram({ signal, setStatus, setStopped }, nouns, {
      settings,
      isSilent: report === reportAsJson,
    });
    program.hook('preAction', async (_, command) => {
      end = await beginCall(command, settings, timeout);
    });
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!signal.aborted) return report(error);
  } finally {
    end();
  }
  // Whatever a cancelled command threw or returned, it comes of the cancellation.
  if (cancelled.aborted && !isStopped) return reportInterrupted();
  return timeout.signal.aborted ? report(timeout.signal.reason) : status;
}

function reportInterrupted(): number {
  process.stderr.write('signet: interrupted\n');
  return ExitStatus.interrupted;
}

/** Reports an error: its class decides the exit status. @returns the exit status */
type Report = (error: unknown) => number;

const reportAsText: Report = (error) => {
  const status = toErrorStatus(error);
  // Commander has said what is wrong with a call.
  if (error instanceof CommanderError) return status;
  const message =
    status === ExitStatus.internal
      ? `internal error: ${error instanceof Error ? error.stack : String(error)}`
      : toPrintableLines(hideUrlSecrets(toMessage(error)));
  process.stderr.write(`signet: ${message}\n`);
  return status;
};

/** One line of JSON. The stack of an internal error is left to a call without `-o json`. */
const reportAsJson: Report = (error) => {
  const status = toErrorStatus(error);
  if (status === ExitStatus.done) return status;
  const isOurs = error instanceof InputError || error instanceof ConfigurationError || error instanceof StoreError;
  const code = isOurs ? error.code : status === ExitStatus.usage ? 'ArgumentInvalid' : 'Internal';
  const place = error instanceof ConfigurationError ? error.position : undefined;
  const position = place === undefined ? undefined : { ...place, document: hideUrlSecrets(place.document) };
  const said = {
    schema: 1,
    kind: 'Error',
    code,
    message: hideUrlSecrets(toMessage(error)),
    exitStatus: status,
    position,
  };
  process.stderr.write(`${JSON.stringify(said)}\n`);
  return status;
};

function toMessage(error: unknown): string {
  if (error instanceof CommanderError && error.code === 'commander.help') return 'name a command; --help lists them';
  return error instanceof Error ? error.message.replace(/^error: /, '') : String(error);
}

function toErrorStatus(error: unknown): number {
  if (error instanceof OwnExit) return error.status;
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitStatus.done : ExitStatus.usage;
  if (error instanceof InputError || error instanceof ConfigurationError) return ExitStatus.usage;
  return error instanceof StoreError ? ExitStatus.indeterminate : ExitStatus.internal;
}

/** Read from the words, because a call may be wrong in what says it. */
function isJsonWanted(args: readonly string[], settings: Settings): boolean {
  const words = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const given = words.flatMap((word, at) => {
    if (word === '-o' || word === '--output') return [words[at + 1] ?? ''];
    const [, value] = /^(?:-o=?|--output=)(.+)$/s.exec(word) ?? [];
    return value === undefined ? [] : [value];
  });
  if (given.length > 0) return given.at(-1) === 'json';
  try {
    return settings.find('output')?.values.at(-1) === 'json';
  } catch {
    return false;
  }
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
  /** As of whom SIGPIPE ends. */
  unread: 141,
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

/** Milliseconds within which a repeated signal is the same one: npm passes on to its child what the terminal sent to both. */
const REPEAT_MS = 500;
/** Milliseconds that a cancelled call has to finish the objects and files that it is writing. */
const GRACE_MS = 5000;

/**
 * Runs the one call that this process is for, and sets its exit status. SIGINT (Ctrl-C) and SIGTERM cancel the call:
 * what is being written is finished or removed, and the process exits 130. A second signal exits at once.
 */
export async function runProcess(nouns: readonly AddCommand[]): Promise<void> {
  handleClosedStreams();
  const controller = new AbortController();
  let cancelledAt = 0;
  const cancel = (): void => {
    if (!controller.signal.aborted) cancelledAt = performance.now();
    else if (performance.now() - cancelledAt > REPEAT_MS) process.exit(reportInterrupted());
    controller.abort();
  };
  process.on('SIGINT', cancel).on('SIGTERM', cancel);
  process.exitCode = await runProgram(nouns, process.argv.slice(2), controller.signal);
  process.off('SIGINT', cancel).off('SIGTERM', cancel);
  if (controller.signal.aborted) setTimeout(() => process.exit(), GRACE_MS).unref();
}

function handleClosedStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that stops early (`signet … | head`) is no error, and a call that is done keeps its status. One that is
    // not has none yet: to end as if it were done would say `accepted` of what it has not decided.
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? ExitStatus.unread);
    process.stderr.write(`signet: the result cannot be written: ${error.message}\n`);
    process.exit(ExitStatus.internal);
  });
  // A message that cannot be written is lost; the exit status stays what it is.
  process.stderr.on('error', () => undefined);
}

import { type AddCommand, ExitStatus, reportInterrupted, runProgram } from './run-program.ts';

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

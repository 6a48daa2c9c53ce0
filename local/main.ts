import { runService } from './run-service.ts';

/** Milliseconds between two looks at whose child this process is. */
const PARENT_LOOK_MS = 1000;
const PARENT = process.ppid;

/** @param stop called once, at most {@link PARENT_LOOK_MS} after */
function whenParentIsGone(stop: () => void): void {
  const timer = setInterval(() => {
    if (process.ppid === PARENT) return;
    clearInterval(timer);
    stop();
  }, PARENT_LOOK_MS);
  timer.unref();
}

// Whoever read the output may be gone with npm: that must not keep the service from finishing.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const controller = new AbortController();
process.once('SIGINT', () => controller.abort('SIGINT')).once('SIGTERM', () => controller.abort('SIGTERM'));
// The shell between npm and this process dies of a signal without handing it on.
if (process.env['npm_lifecycle_event'] !== undefined) whenParentIsGone(() => controller.abort('npm is gone'));
process.exitCode = await runService(process.argv.slice(2), 'npm start --', controller.signal);

/** Between two looks at the clock. */
const BATCH = 20;

/**
 * Runs in a second of this process's processor time, all of its threads taken together, as `openssl speed` counts:
 * other work of the machine slows the run down and leaves the rate as it is.
 */
export async function processorRate(milliseconds: number, run: () => void | Promise<void>): Promise<number> {
  // V8 compiles what runs often, for a second or two: it is a service that has run for a while that is measured.
  await runFor(2 * milliseconds, run);
  const before = process.cpuUsage();
  const runs = await runFor(milliseconds, run);
  const { user, system } = process.cpuUsage(before);
  return (runs * 1e6) / (user + system);
}

async function runFor(milliseconds: number, run: () => void | Promise<void>): Promise<number> {
  const ends = performance.now() + milliseconds;
  let runs = 0;
  while (performance.now() < ends) {
    for (let index = 0; index < BATCH; index++) {
      const running = run();
      // A turn of the event loop for each run would be part of the figure.
      if (running !== undefined) await running;
    }
    runs += BATCH;
  }
  return runs;
}

/** Before it counts: after so many runs V8 has compiled what it will, and a service that runs for long is measured. */
const WARM_UPS = 3000;
/** Of the time, at most, so that a slow peer is not warmed up for minutes. */
const WARM_MS = 1000;
/** Between two looks at the clock. */
const BATCH = 20;

/**
 * Runs in a second of this process's processor time, all of its threads taken together, as `openssl speed` counts:
 * other work of the machine slows the run down and leaves the rate as it is.
 */
export async function processorRate(milliseconds: number, run: () => void | Promise<void>): Promise<number> {
  const warm = performance.now() + WARM_MS;
  for (let runs = 0; runs < WARM_UPS && performance.now() < warm; runs++) await run();
  const ends = performance.now() + milliseconds;
  const before = process.cpuUsage();
  let runs = 0;
  while (performance.now() < ends) {
    for (let index = 0; index < BATCH; index++) {
      const running = run();
      // A turn of the event loop for each run would be part of the figure.
      if (running !== undefined) await running;
    }
    runs += BATCH;
  }
  const { user, system } = process.cpuUsage(before);
  return (runs * 1e6) / (user + system);
}

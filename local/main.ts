import { describeFailure } from './describe-failure.ts';
import { parseStartOptions, START_HELP } from './options.ts';
import { type LocalService, startService } from './start-service.ts';

/** Milliseconds between two looks at whose child this process is. */
const PARENT_LOOK_MS = 1000;
const PARENT = process.ppid;

function describe({ url, profiles, demo }: LocalService): string {
  const lines = [`Signet is ready at ${url} (profiles: ${profiles.join(', ')})`];
  const [good] = demo;
  const bad = demo.at(3);
  if (good !== undefined && bad !== undefined) {
    const verify = (pullspec: string): string =>
      `  curl -s ${url}/v1/verify -H 'content-type: application/json' -d '{"pullspec":"${pullspec}"}'`;
    lines.push(
      '',
      'There are no trust documents, so this is a demo with a publisher of its own. Try:',
      `  # ${good.title}: accepted, recorded, and mirrored`,
      verify(good.pullspec),
      `  # ${bad.title}: rejected`,
      verify(bad.pullspec),
      '  # its signature, from the mirror; then the record of the decision',
      `  curl -si ${url}/signatures/${good.pullspec.split('@')[1]?.replace(':', '=')}/signature-1 | head -5`,
      `  curl -s ${url}/v1/records/${good.pullspec.split('@')[1]}`,
      '',
      'For real releases: npx signet trust add redhat --trust trust, then start again.',
    );
  }
  return `${lines.join('\n')}\n`;
}

/** @param stop called once, at most {@link PARENT_LOOK_MS} after */
function whenParentIsGone(stop: () => void): void {
  const timer = setInterval(() => {
    if (process.ppid === PARENT) return;
    clearInterval(timer);
    stop();
  }, PARENT_LOOK_MS);
  timer.unref();
}

async function main(): Promise<number> {
  const options = parseStartOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(START_HELP);
    return 0;
  }
  const service = await startService(options);
  process.stderr.write(describe(service));
  const reason = await new Promise<string>((resolve) => {
    process.once('SIGINT', () => resolve('SIGINT'));
    process.once('SIGTERM', () => resolve('SIGTERM'));
    // The shell between npm and this process dies of a signal without handing it on.
    if (process.env['npm_lifecycle_event'] !== undefined) whenParentIsGone(() => resolve('npm is gone'));
  });
  process.stderr.write(`${reason}: finishing what is under way …\n`);
  await service.close();
  process.stderr.write('stopped\n');
  return 0;
}

// Whoever read the output may be gone with npm: that must not keep the service from finishing.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  process.exitCode = await main();
} catch (error) {
  const { text, status } = describeFailure(error, process.argv.slice(2));
  process.stderr.write(`signet: ${text}\n`);
  process.exitCode = status;
}

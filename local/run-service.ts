import { describeFailure } from './named-files.ts';
import { parseStartOptions, START_HELP } from './options.ts';
import { type LocalService, startService } from './start-service.ts';

/** How the caller named the program: `npm start --` or `signet serve`. */
export type ServiceCall = 'npm start --' | 'signet serve';

/**
 * Runs the service until the signal aborts, then finishes what is under way. Says on standard error what happens, and
 * prints help where it is asked for.
 *
 * @param args the options of `npm start`
 * @param signal its reason is printed where it is a text
 * @returns the exit status: 0 after an orderly stop, 2 for a wrong call or a folder that cannot be used
 */
export async function runService(args: readonly string[], call: ServiceCall, signal: AbortSignal): Promise<number> {
  try {
    const options = parseStartOptions(args);
    if (options === undefined) {
      process.stdout.write(START_HELP.replace('npm start --', call));
      return 0;
    }
    // The SDK reads settings, which may name programs to run, from a home folder, and throws where a container's user has
    // none. Below this one nobody can put any.
    process.env['HOME'] ??= '/dev/null';
    const service = await startService(options);
    process.stderr.write(describe(service, call));
    await whenAborted(signal);
    const reason = typeof signal.reason === 'string' ? signal.reason : 'interrupted';
    process.stderr.write(`${reason}: finishing what is under way …\n`);
    await service.close();
    process.stderr.write('stopped\n');
    return 0;
  } catch (error) {
    const { text, status } = describeFailure(error, args);
    process.stderr.write(`signet: ${text}\n`);
    return status;
  }
}

function describe({ url, profiles, demo }: LocalService, call: ServiceCall): string {
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
      `For real releases: ${call === 'signet serve' ? 'signet' : 'npx signet'} trust add redhat --trust trust, then start again.`,
    );
  }
  return `${lines.join('\n')}\n`;
}

async function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

import { ConfigurationError } from '../lib/errors/configuration-error.ts';
import { InputError } from '../lib/errors/input-error.ts';
import { parseStartOptions, START_HELP } from './options.ts';
import { type LocalService, startService } from './start-service.ts';

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

async function main(): Promise<number> {
  const options = parseStartOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(START_HELP);
    return 0;
  }
  const service = await startService(options);
  process.stderr.write(describe(service));
  const signal = await new Promise<string>((resolve) => {
    process.once('SIGINT', () => resolve('SIGINT'));
    process.once('SIGTERM', () => resolve('SIGTERM'));
  });
  process.stderr.write(`${signal}: finishing what is under way …\n`);
  await service.close();
  process.stderr.write('stopped\n');
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isExpected = error instanceof InputError || error instanceof ConfigurationError;
  const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  const text = error instanceof Error ? (isExpected || isTaken ? error.message : error.stack) : String(error);
  process.stderr.write(`signet: ${text}${isTaken ? '; choose another with --port' : ''}\n`);
  process.exitCode = isExpected || isTaken ? 2 : 70;
}

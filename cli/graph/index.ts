import { type Command, Option } from 'commander';
import { options, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { CheckGraphOptions } from './check.ts';

/** Adds the commands for update graphs. @param setStatus sets the exit status of the process */
export function addGraph(program: Command, setStatus: (status: number) => void): void {
  program
    .command('graph')
    .description('update graphs, as an update service answers them')
    .command('check')
    .description('hold the payloads of a graph against the canonical repositories; exit 0 when all are in one')
    .argument('<file|url>', 'a graph as JSON, or an update service, which is asked by channel and architecture')
    .addOption(
      new Option(
        '--trust <dir>',
        'trust documents that say the repositories (default: what is built in for ocp and okd)',
      ).argParser(parseNotEmpty),
    )
    .addOption(options.profile())
    .addOption(repeatable('--channel <name>', 'channel to ask for, such as stable-4.16 (repeatable)'))
    .addOption(repeatable('--arch <name>', 'architecture to ask for, such as amd64 or multi (repeatable)'))
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .addHelpText(
      'after',
      '\nExample: signet graph check https://api.openshift.com/api/upgrades_info/v1/graph --channel stable-4.16 --arch amd64',
    )
    .action(async (from: string, given: CheckGraphOptions) => {
      const { checkGraph } = await import('./check.ts');
      setStatus(await checkGraph(from, given));
    });
}

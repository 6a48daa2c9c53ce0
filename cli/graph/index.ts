import type { Command } from 'commander';
import { optionalTrust, options, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { CheckGraphOptions } from './check.ts';

/** Adds the commands for update graphs. */
export function addGraph(program: Command, { setStatus, signal }: Run): void {
  program
    .command('graph')
    .description('update graphs, as an update service answers them')
    .command('check')
    .description('compare the payloads of a graph with the canonical repositories; exit 0 when all are in one')
    .argument('<file|url>', 'a graph as JSON, or an update service, which needs --channel')
    .addOption(optionalTrust('trust documents with the repositories (default: those built in for ocp and okd)'))
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
      setStatus(await checkGraph(from, given, signal));
    });
}

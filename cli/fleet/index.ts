import type { Command } from 'commander';
import { optionalTrust, options } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { FleetCheckOptions } from './check.ts';

/** `signet fleet …` */
export function addFleet(program: Command, { setStatus }: Run): void {
  program
    .command('fleet')
    .description('many clusters, by what was exported of them')
    .command('check')
    .description('which clusters the pullspec policy would refuse, where they look for signatures, which force')
    .argument('<dir>', 'one file, archive or folder for each cluster: oc get -o yaml or json, or a must-gather')
    .addOption(optionalTrust('trust documents with the canonical repositories'))
    .addOption(options.profile())
    .addOption(options.judgedOutput())
    .addHelpText('after', '\nExample: signet fleet check exported --trust trust')
    .action(async (directory: string, given: FleetCheckOptions) => {
      const { checkFleet } = await import('./check.ts');
      setStatus(await checkFleet(directory, given));
    });
}

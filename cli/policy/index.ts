import { type Command, Option } from 'commander';
import { options, parseNotEmpty } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { PolicyTryOptions } from './try.ts';

/** `signet policy …` */
export function addPolicy(program: Command, { setStatus, signal }: Run): void {
  program
    .command('policy')
    .description('image policies of a cluster, before nodes have them')
    .command('try')
    .description('what a ClusterImagePolicy, ImagePolicy or policy.json would do to what runs in a cluster')
    .addOption(
      new Option('--policy <file|dir>', 'the policies, or a node’s policy.json')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--against <dir|file>', 'export of one cluster: oc get pods -A -o yaml and more, or a must-gather')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .option('--verify', 'read the signatures that the policies ask for, in the registries and mirrors of the export')
    .addOption(options.targetVersion())
    .addOption(options.registriesD())
    .addOption(options.keyRoot())
    .addOption(options.bundleIdentity())
    .addOption(options.platform())
    .addOption(options.registryPullSecret())
    .addOption(options.allowRegistry())
    .addOption(options.registry())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .addHelpText('after', '\nExample: signet policy try --policy shop.yaml --against exported/east --verify')
    .action(async (given: PolicyTryOptions) => {
      const { tryPolicy } = await import('./try.ts');
      setStatus(await tryPolicy(given, signal));
    });
}

import { type Command, Option } from 'commander';
import { collect, options, parseNotEmpty } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { RolloutCheckOptions } from './check.ts';

/** `signet rollout …` */
export function addRollout(program: Command, { setStatus }: Run): void {
  program
    .command('rollout')
    .description('rollout of a policy to the nodes')
    .command('check')
    .description(
      'whether rendered MachineConfigs or image policies are live on every node; exit 0 when they are, 1 when not or unknown',
    )
    .addOption(
      new Option('--pool <file>', 'output of oc get mcp,mc,node -o yaml, or of oc describe mcp (repeatable)')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--expect <file>',
        'what signet render machineconfig wrote: MachineConfigs or ClusterImagePolicies; ImagePolicies too',
      )
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--node-files <dir>', 'what nodes hold: <dir>/<node>/etc/containers/policy.json, …').argParser(
        parseNotEmpty,
      ),
    )
    .addOption(options.judgedOutput())
    .addHelpText('after', '\nExample: signet rollout check --pool pools.yaml --expect machineconfigs.yaml')
    .action(async (given: RolloutCheckOptions) => {
      const { checkNodeRollout } = await import('./check.ts');
      setStatus(await checkNodeRollout(given));
    });
}

import { type Command, Option } from 'commander';
import { parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { RenderPolicyOptions } from './policy.ts';

/** Adds `signet render policy`. */
export function addPolicy(render: Command, { setStatus }: Run): void {
  render
    .command('policy')
    .description('a Policy of Advanced Cluster Management that brings manifests to a fleet, with its Placement')
    .argument('<file...>', 'manifests, in YAML or JSON')
    .addOption(new Option('--name <name>', 'name of the Policy').argParser(parseNotEmpty).makeOptionMandatory())
    .addOption(
      new Option('--namespace <namespace>', 'namespace of the hub in which Policies are')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(repeatable('--label <name=value>', 'clusters with this label alone (repeatable)'))
    .addOption(
      new Option('--remediation <action>', 'inform only reports what a cluster lacks')
        .choices(['enforce', 'inform'])
        .default('enforce'),
    )
    .addOption(new Option('-o, --output <format>', 'how to write it').choices(['yaml', 'json']).default('yaml'))
    .addHelpText(
      'after',
      '\nExample: signet render policy configmaps/*.yaml --name signatures --namespace policies --label environment=production',
    )
    .action(async (files: readonly string[], given: RenderPolicyOptions) => {
      const { renderPolicy } = await import('./policy.ts');
      setStatus(await renderPolicy(files, given));
    });
}

import { type Command, Option } from 'commander';
import { options, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { SyncClusterOptions } from './sync.ts';

/** `signet cluster …` */
export function addCluster(program: Command, { setStatus, signal }: Run): void {
  const cluster = program.command('cluster').description('a running cluster, through its API');
  cluster
    .command('sync')
    .description('keep the signature ConfigMaps of a cluster as a mirror has them: what verifies, and nothing else')
    .addOption(
      new Option('--from <dir|s3://bucket|url>', 'mirror, address of a Signet service, or a signature store over HTTP')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(repeatable('--digest <digest>', 'these releases and no others (repeatable)'))
    .addOption(
      repeatable(
        '--graph <file|url>',
        'update graph with the versions of what was signed without one; of a store, the releases to ask for (repeatable)',
      ),
    )
    .addOption(repeatable('--minor <version>', 'these minor versions and no others, such as 4.16 (repeatable)'))
    .addOption(
      new Option(
        '--kubeconfig <file>',
        'how to reach the cluster (default: KUBECONFIG, then the pod’s service account)',
      ).argParser(parseNotEmpty),
    )
    .addOption(new Option('--context <name>', 'context of the kubeconfig').argParser(parseNotEmpty))
    .option('--dry-run', 'have the API server do all but store it, and show what would change')
    .option('--force-conflicts', 'take over what others have changed in these ConfigMaps')
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .addHelpText(
      'after',
      '\nExample: signet cluster sync --from https://signet.example.com --trust trust --minor 4.19 --dry-run',
    )
    .action(async (given: SyncClusterOptions) => {
      const { syncCluster } = await import('./sync.ts');
      setStatus(await syncCluster(given, signal));
    });
}

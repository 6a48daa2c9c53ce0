import { type Command, Option } from 'commander';
import { ADMISSION_RESOURCES } from '../../lib/cluster/objects/admission-kinds.ts';
import { options, parseNotEmpty } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { RenderAdmissionPolicyOptions } from './admission-policy.ts';
import type { RenderWebhooksOptions } from './webhooks.ts';

const output = (): Option =>
  new Option('-o, --output <format>', 'how to write it').choices(['yaml', 'json']).default('yaml');

const kinds = (): Option =>
  new Option('--kind <kind...>', 'these alone').choices([...ADMISSION_RESOURCES]).default([], 'all');

/** Adds what an API server asks before it stores an object: Signet itself, or a policy of its own. */
export function addAdmission(render: Command, run: Run): void {
  addWebhooks(render, run);
  addAdmissionPolicy(render, run);
}

function addWebhooks(render: Command, { setStatus }: Run): void {
  render
    .command('webhooks')
    .description('ValidatingWebhookConfigurations by which a cluster asks before it uses a release')
    .addOption(
      new Option('--service <namespace/name[:port]>', 'Service of Signet in the cluster').argParser(parseNotEmpty),
    )
    .option('--aggregated', 'have the API server call --service through its own API, with its certificate')
    .addOption(
      new Option('--url <url>', 'address of the API outside of the cluster, that it reaches by HTTPS').argParser(
        parseNotEmpty,
      ),
    )
    .addOption(
      new Option('--token-file <file>', 'with --url: the token of this cluster, which stands in the URL').argParser(
        parseNotEmpty,
      ),
    )
    .option('--client-certificate', 'with --url: the API server shows a certificate, which OpenShift cannot')
    .addOption(new Option('--ca <file>', 'PEM certificates by which the API is known').argParser(parseNotEmpty))
    .addOption(kinds())
    .addOption(new Option('--timeout <seconds>', 'how long the API server waits').default('10'))
    .addOption(
      new Option('--failure-policy <policy>', 'what happens while the API cannot be reached: Fail denies')
        .choices(['Fail', 'Ignore'])
        .default('Fail'),
    )
    .addOption(
      new Option('--namespace-selector <labels>', 'review in namespaces with these labels alone').argParser(
        parseNotEmpty,
      ),
    )
    .addOption(
      new Option('--object-selector <labels>', 'review objects with these labels alone').argParser(parseNotEmpty),
    )
    .option('--no-match-conditions', 'for API servers before Kubernetes 1.28 (OpenShift 4.15): ask about every change')
    .addOption(output())
    .addHelpText(
      'after',
      '\nExample: signet render webhooks --service signet/signet --aggregated --kind hostedclusters nodepools',
    )
    .action(async (given: RenderWebhooksOptions) => {
      const { renderWebhooks } = await import('./webhooks.ts');
      setStatus(await renderWebhooks(given));
    });
}

function addAdmissionPolicy(render: Command, { setStatus }: Run): void {
  render
    .command('admission-policy')
    .description('ValidatingAdmissionPolicies of a profile: what an API server decides by itself, without signatures')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(kinds())
    .addOption(output())
    .addHelpText('after', '\nExample: signet render admission-policy --trust trust --kind clusterversions')
    .action(async (given: RenderAdmissionPolicyOptions) => {
      const { renderAdmissionPolicy } = await import('./admission-policy.ts');
      setStatus(await renderAdmissionPolicy(given));
    });
}

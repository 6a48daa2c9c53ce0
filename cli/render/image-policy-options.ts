import { type Command, Option } from 'commander';
import { parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { RenderImagePolicyOptions } from './image-policy.ts';

const file = (flags: string, description: string): Option => new Option(flags, description).argParser(parseNotEmpty);

/** Adds `signet render image-policy`. */
export function addImagePolicy(render: Command, { setStatus }: Run): void {
  render
    .command('image-policy')
    .description(
      'ClusterImagePolicies, or with --namespace ImagePolicies, of one root of trust, that lock no cluster out',
    )
    .addOption(file('--name <name>', 'name of the policy, and of what stands beside it').makeOptionMandatory())
    .addOption(file('--namespace <namespace>', 'write ImagePolicies for the pods of this namespace'))
    .addOption(
      repeatable(
        '--scope <scope>',
        'host, namespace, repository or image, or *.DOMAIN, that has to be signed (repeatable)',
      ),
    )
    .addOption(file('--key <file>', 'public key that signs, in PEM'))
    .addOption(file('--rekor-key <file>', 'public key of the log that has to hold the signature'))
    .addOption(file('--fulcio-ca <file>', 'certificates of Fulcio, with --oidc-issuer, --email and --rekor-key'))
    .addOption(file('--oidc-issuer <url>', 'who vouches for the signer, with --fulcio-ca'))
    .addOption(file('--email <address>', 'signer that the certificate names'))
    .addOption(file('--hostname <name>', 'signer that the certificate names, with --pki-roots'))
    .addOption(file('--pki-roots <file>', 'certificates of your own authority, with --email or --hostname'))
    .addOption(file('--pki-intermediates <file>', 'certificates between the roots and the signer'))
    .addOption(
      new Option('--match <policy>', 'what name the signature has to hold')
        .choices(['MatchRepoDigestOrExact', 'MatchRepository'])
        .default('MatchRepoDigestOrExact'),
    )
    .addOption(file('--exact-repository <repository>', 'the signature has to name this repository, whatever is pulled'))
    .addOption(
      repeatable(
        '--remap <mirror=signed>',
        'cover what is pulled by a mirror’s own name, and signed by another (repeatable)',
      ),
    )
    .addOption(repeatable('--except <name=scope>', 'scope within the others that another key signs (repeatable)'))
    .addOption(repeatable('--except-key <name=file>', 'public key of an exception (repeatable)'))
    .addOption(
      new Option('--profile <name>', 'whose images the cluster runs of its own').choices(['ocp', 'okd']).default('ocp'),
    )
    .addOption(
      repeatable('--signed <repository>', 'the root of trust signs these images of the cluster’s own (repeatable)'),
    )
    .addOption(repeatable('--pull-source <repository>', 'must not be locked out either (repeatable)'))
    .addOption(
      file('--target-version <version>', 'version of the cluster, as in 4.21: what its API does not take is refused'),
    )
    .option('--force', 'write it although it would lock the cluster out, or not be usable there')
    .addOption(new Option('-o, --output <format>', 'how to write it').choices(['yaml', 'json']).default('yaml'))
    .addHelpText(
      'after',
      '\nExample: signet render image-policy --name shop --scope registry.example.com/shop --key cosign.pub --target-version 4.21',
    )
    .action(async (given: RenderImagePolicyOptions) => {
      const { renderImagePolicy } = await import('./image-policy.ts');
      setStatus(await renderImagePolicy(given));
    });
}

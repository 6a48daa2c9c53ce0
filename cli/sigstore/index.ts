import { type Command, Option } from 'commander';
import { options, parseNotEmpty } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { SigstoreVerifyOptions } from './verify.ts';

/** `signet sigstore …` */
export function addSigstore(program: Command, { setStatus }: Run): void {
  program
    .command('sigstore')
    .description('Sigstore bundles of files, offline')
    .command('verify')
    .description('verify a bundle of a file: who signed it, and what logs and timestamp authorities say of it')
    .argument('<file|digest>', 'the file that was signed, or its digest, such as sha256:…')
    .addOption(
      new Option('--bundle <file>', 'the bundle, as cosign and other Sigstore clients write one')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--certificate-identity <name>', 'URI or email address that the certificate must name, exactly')
        .argParser(parseNotEmpty)
        .conflicts('key'),
    )
    .addOption(
      new Option('--certificate-oidc-issuer <url>', 'issuer that the certificate must name, exactly')
        .argParser(parseNotEmpty)
        .conflicts('key'),
    )
    .addOption(new Option('--key <file>', 'the PEM public key that must have signed').argParser(parseNotEmpty))
    .addOption(
      new Option('--trusted-root <file>', 'trusted_root.json: logs, authorities and timestamp authorities')
        .argParser(parseNotEmpty)
        .conflicts('trust'),
    )
    .addOption(new Option('--trust <dir>', 'take the trusted root of a profile instead').argParser(parseNotEmpty))
    .addOption(options.profile())
    .addOption(options.output())
    .addHelpText(
      'after',
      `
By a key without a trusted root, the key alone decides: logs and timestamps are not read.

Example: signet sigstore verify app.tar.gz --bundle app.sigstore.json --trusted-root trusted_root.json \\
  --certificate-identity https://github.com/org/app/.github/workflows/release.yml@refs/tags/v1 \\
  --certificate-oidc-issuer https://token.actions.githubusercontent.com`,
    )
    .action(async (artifact: string, given: SigstoreVerifyOptions) => {
      const { verifySigstore } = await import('./verify.ts');
      setStatus(await verifySigstore(artifact, given));
    });
}

import { type Command, Option } from 'commander';
import { options, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { AddOptions } from './add.ts';
import type { CheckTrustOptions } from './check.ts';
import type { PublishOptions } from './publish.ts';
import type { ShowOptions } from './show.ts';

/** `signet trust …` */
export function addTrust(program: Command, { setStatus, signal }: Run): void {
  const trust = program.command('trust').description('trust documents');
  trust
    .command('add')
    .description('write the trust of a publisher, from its key file, keeping only pinned certificates')
    .argument(
      '<publisher>',
      'redhat, whose fingerprints are built in; sigstore, with its trusted_root.json; or a name of your own with --fingerprint',
    )
    .addOption(options.trust())
    .option('--profile <name>', 'profile to write (default: ocp for redhat and sigstore)')
    .option('--from <url|file>', 'the publisher’s key file (default for redhat: its published address)')
    .addOption(
      new Option(
        '--image-policy <file>',
        'for redhat: the ClusterImagePolicy openshift of a release, whose Sigstore key is compared with the one built in',
      ).argParser(parseNotEmpty),
    )
    .addOption(options.targetVersion())
    .addOption(repeatable('--fingerprint <hex>', 'fingerprint of a certificate to keep (repeatable)'))
    .addOption(
      repeatable('--store <url>', 'signature store to write (repeatable; default for redhat: its published stores)'),
    )
    .addOption(
      repeatable(
        '--repository <name>',
        'where releases are asked for; a profile that is not built in needs it (repeatable)',
      ),
    )
    .addOption(
      new Option(
        '--keyring <name>',
        'add to this keyring of the profile that is there; the keys that it has stay, so that either may sign',
      ).argParser(parseNotEmpty),
    )
    .addOption(
      new Option(
        '--objects <dir|s3://bucket>',
        'with --keyring: tell what it would change for the records there of the last 90 days',
      ).argParser(parseNotEmpty),
    )
    .option('--dry-run', 'with --keyring: write nothing')
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .action(async (publisher: string, given: AddOptions) => {
      if (given.keyring !== undefined || given.objects !== undefined || given.dryRun === true) {
        const { addKey } = await import('./add-key.ts');
        setStatus(await addKey(publisher, given, signal));
        return;
      }
      if (publisher === 'sigstore') {
        const { addTrustedRoot } = await import('./add-trusted-root.ts');
        setStatus(await addTrustedRoot(given));
        return;
      }
      const { addTrust: add } = await import('./add.ts');
      setStatus(await add(publisher, given, signal));
    });
  trust
    .command('show')
    .description('show profiles, keys with their validity, stores and the trust revision')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(options.output())
    .action(async (given: ShowOptions) => {
      const { showTrust } = await import('./show.ts');
      setStatus(await showTrust(given));
    });
  trust
    .command('check')
    .description('load every profile and report what is wrong; exit 0 when all load')
    .addOption(options.trust())
    .addOption(options.output())
    .action(async (given: CheckTrustOptions) => {
      const { checkTrust } = await import('./check.ts');
      setStatus(await checkTrust(given));
    });
  trust
    .command('publish')
    .description('compile profiles and publish them as immutable revisions')
    .addOption(options.trust())
    .option('--profile <name>', 'publish this profile only (default: all)')
    .addOption(
      new Option('--to <dir|s3://bucket>', 'object store to publish into')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(options.output())
    .action(async (given: PublishOptions) => {
      const { publishProfiles } = await import('./publish.ts');
      setStatus(await publishProfiles(given));
    });
}

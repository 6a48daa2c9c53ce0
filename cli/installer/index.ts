import { type Command, Option } from 'commander';
import { options, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { InstallerOptions } from './check.ts';

/** `signet installer …` */
export function addInstaller(program: Command, { setStatus, signal }: Run): void {
  program
    .command('installer')
    .description('openshift-install binaries')
    .command('check')
    .description(
      'find the release image that an installer carries, without running it, and decide on it as verify does',
    )
    .argument('<path>', 'openshift-install, or the .tar.gz that it came in')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(options.store())
    .addOption(options.mode())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(
      new Option(
        '--stream <file>',
        'compare the boot images of this stream metadata too (openshift-install coreos print-stream-json)',
      ).argParser(parseNotEmpty),
    )
    .addOption(repeatable('--boot-checksums <file>', 'signed list that has to hold the boot images (repeatable)'))
    .addOption(repeatable('--keyring <file>', 'OpenPGP public keys of those lists (repeatable)'))
    .addOption(repeatable('--arch <name>', 'compare the boot images of this architecture, as in x86_64 (repeatable)'))
    .addOption(repeatable('--artifact <name>', 'compare these boot images, as in metal (repeatable)'))
    .addOption(options.output())
    .addHelpText('after', '\nExample: signet installer check openshift-install-linux.tar.gz --trust trust')
    .action(async (file: string, given: InstallerOptions) => {
      const { checkInstaller } = await import('./check.ts');
      setStatus(await checkInstaller(file, given, signal));
    });
}

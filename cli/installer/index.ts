import type { Command } from 'commander';
import { options } from '../shell/options.ts';
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
    .addOption(options.output())
    .addHelpText('after', '\nExample: signet installer check openshift-install-linux.tar.gz --trust trust')
    .action(async (file: string, given: InstallerOptions) => {
      const { checkInstaller } = await import('./check.ts');
      setStatus(await checkInstaller(file, given, signal));
    });
}

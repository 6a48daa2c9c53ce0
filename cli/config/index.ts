import type { Command } from 'commander';
import { options } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { ConfigViewOptions } from './view.ts';

/** `signet config …` */
export function addConfig(program: Command, { setStatus }: Run): void {
  program
    .command('config')
    .description('what is said once for all calls: by the environment and by configuration files')
    .command('view')
    .description('show each setting, its value and where it comes from')
    .addOption(options.output())
    .addHelpText(
      'after',
      `
What comes first counts: an option, the environment (SIGNET_TRUST, SIGNET_PROFILE, SIGNET_STORE, SIGNET_OUTPUT,
SIGNET_TIMEOUT), ./signet.yaml, then ~/.config/signet/config.yaml or the file that SIGNET_CONFIG names.
trust, profile and store of ./signet.yaml count only in the folders that your own file lists under folders.`,
    )
    .action(async (given: ConfigViewOptions) => {
      const { viewConfig } = await import('./view.ts');
      setStatus(await viewConfig(given));
    });
}

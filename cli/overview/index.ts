import { type Command, Option } from 'commander';
import { options } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { OverviewOptions } from './show.ts';

/** `signet overview` */
export function addOverview(program: Command, { setStatus, signal }: Run): void {
  program
    .command('overview')
    .description('trust, decisions, queues and mirror of a service at one look')
    .argument('<api>', 'the API, as in https://signet.example.com')
    .addOption(new Option('--days <n>', 'days to count decisions for: 1 to 90 (default: 14)'))
    .addOption(options.output())
    .action(async (api: string, given: OverviewOptions) => {
      const { showOverview } = await import('./show.ts');
      setStatus(await showOverview(api, given, signal));
    });
}

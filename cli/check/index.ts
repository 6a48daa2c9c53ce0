import type { Command } from 'commander';
import { options } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { CheckOptions } from './check.ts';

/** `signet check` */
export function addCheck(program: Command, { setStatus }: Run): void {
  program
    .command('check')
    .description('apply the pullspec policy alone: nothing is contacted')
    .argument('<pullspec>', 'registry/repository@sha256:<64 hex digits>')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(options.mode())
    .addOption(options.output())
    .action(async (pullspec: string, given: CheckOptions) => {
      const { check } = await import('./check.ts');
      setStatus(await check(pullspec, given));
    });
}

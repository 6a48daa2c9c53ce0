import type { Command } from 'commander';
import type { CheckOptions } from '../commands/check.ts';
import { options } from '../options.ts';

/** `signet check` */
export function addCheck(program: Command, setStatus: (status: number) => void): void {
  program
    .command('check')
    .description('apply the pullspec policy alone: nothing is contacted')
    .argument('<pullspec>', 'registry/repository@sha256:<64 hex digits>')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(options.mode())
    .addOption(options.output())
    .action(async (pullspec: string, given: CheckOptions) => {
      const { check } = await import('../commands/check.ts');
      setStatus(await check(pullspec, given));
    });
}

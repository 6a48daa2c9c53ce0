import type { Command } from 'commander';
import type { Run } from '../shell/run-program.ts';

/** `signet serve`: the service's own parser reads its options, so that `npm start` takes the same. */
export function addServe(program: Command, { setStatus, setStopped, signal }: Run): void {
  program
    .command('serve')
    .description('run the service on this machine until it is interrupted')
    .usage('[options]')
    .argument('[options...]', 'those of npm start, as docs/reference/configuration.md lists them')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (args: readonly string[]) => {
      const { runService } = await import('../../local/run-service.ts');
      setStatus(await runService(args, 'signet serve', signal));
      setStopped();
    });
}

import { type Command, Option } from 'commander';
import { options, parseNotEmpty } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { RecordVerifyOptions } from './verify.ts';

/** `signet record …` */
export function addRecord(program: Command, { setStatus, signal }: Run): void {
  program
    .command('record')
    .description('stored verdicts')
    .command('verify')
    .description('decide again, offline, from the bytes in a record; exit 0 when it is confirmed, 1 when it differs')
    .argument('<file>', 'a record as it is stored: JSON; --trust or --objects says by which trust')
    .addOption(
      new Option('--trust <dir>', 'trust documents of the revision that the record names').argParser(parseNotEmpty),
    )
    .addOption(
      new Option('--objects <dir|s3://bucket>', 'object store that holds the published revision').conflicts('trust'),
    )
    .addOption(options.output())
    .action(async (file: string, given: RecordVerifyOptions) => {
      const { verifyRecord } = await import('./verify.ts');
      setStatus(await verifyRecord(file, given, signal));
    });
}

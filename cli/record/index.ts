import { type Command, InvalidArgumentError, Option } from 'commander';
import { options, outputOption, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { RecordAttestOptions } from './attest.ts';
import type { RecordAuditOptions } from './audit.ts';
import type { RecordListOptions } from './list.ts';
import type { RecordSignOptions } from './sign.ts';
import type { RecordVerifyOptions } from './verify.ts';

/** `signet record …` */
export function addRecord(program: Command, { setStatus, signal }: Run): void {
  const record = program.command('record').description('stored verdicts');
  record
    .command('list')
    .description('what was decided, newest first')
    .argument('<place>', 'the API (https://…), an object store (s3://bucket or a folder), or a folder of records')
    .addOption(new Option('--profile <name>', 'decisions by this profile'))
    .addOption(new Option('--outcome <outcome>', 'accepted, rejected or indeterminate'))
    .addOption(new Option('--repository <name>', 'of this repository: what was judged, or what was pushed to'))
    .addOption(new Option('--since <time>', 'not before this date or time, as in 2026-11-01 or 2026-11-01T12:00:00Z'))
    .addOption(new Option('--until <time>', 'before this date or time'))
    .addOption(new Option('--forced <true|false>', 'those that were forced, or those that were not'))
    .addOption(new Option('--source <name>', 'asked through this way, as in api or quay'))
    .addOption(new Option('--limit <n>', 'at most so many (default: all)').argParser(parseLimit))
    .addOption(outputOption('how to print the result', ['table', 'json', 'csv'], 'table'))
    .action(async (place: string, given: RecordListOptions) => {
      const { listRecords } = await import('./list.ts');
      setStatus(await listRecords(place, given, signal));
    });
  record
    .command('verify')
    .description('decide again, offline, from the bytes in records; exit 0 when all are confirmed, 1 when one is not')
    .argument(
      '<place>',
      'a record or a page of records as the API gives them: JSON; a folder of records; or an object store',
    )
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
  record
    .command('sign')
    .description(
      'sign what accepted records say of their images, once their evidence confirms it; exit 1 when one is refused',
    )
    .argument('<place>', 'a record: JSON; a folder of records; or an object store')
    .addOption(signKey())
    .addOption(form())
    .addOption(
      new Option('--trust <dir>', 'trust documents of the revision that the records name').argParser(parseNotEmpty),
    )
    .addOption(
      new Option('--objects <dir|s3://bucket>', 'object store that holds the published revisions').conflicts('trust'),
    )
    .addOption(options.output())
    .action(async (place: string, given: RecordSignOptions) => {
      const { signRecords } = await import('./sign.ts');
      setStatus(await signRecords(place, given, signal));
    });
  record
    .command('attest')
    .description(
      'print the attestation of a record, or put it beside its image; exit 1 when there is none that verifies',
    )
    .argument('<record>', 'the id of a record, or a file with its attestation')
    .addOption(
      new Option('--from <place>', 'the API (https://…) or the object store that has it').argParser(parseNotEmpty),
    )
    .addOption(form())
    .addOption(new Option('--key <file>', 'public key (PEM) that has to have signed it').argParser(parseNotEmpty))
    .addOption(
      new Option('--as <form>', 'print the DSSE envelope, a Sigstore bundle, or the statement in it')
        .choices(['dsse', 'bundle', 'statement'])
        .default('dsse'),
    )
    .addOption(
      new Option('--attach <repository>', 'put it beside the image in this repository, for cosign').argParser(
        parseNotEmpty,
      ),
    )
    .addOption(options.registryPullSecret())
    .addOption(options.registry())
    .addOption(options.allowRegistry())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .action(async (id: string, given: RecordAttestOptions) => {
      const { attest } = await import('./attest.ts');
      setStatus(await attest(id, given, signal));
    });
  record
    .command('audit')
    .description('prove by the seals of its days that a period is whole; exit 1 when it is not')
    .addOption(
      new Option('--from <place>', 'the API (https://…) or an object store (s3://bucket or a folder)')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(repeatable('--key <file>', 'public key (PEM) that may have signed the seals (repeatable)'))
    .addOption(new Option('--since <day>', 'the first day, as in 2026-11-01 (default: that of the first seal)'))
    .addOption(new Option('--until <day>', 'the day after the last one (default: tomorrow)'))
    .addOption(
      new Option('--expect-root <hex>', 'the root of a seal that you have kept: exit 1 if it is in the chain no more'),
    )
    .option('--fail-on-late', 'exit 1 when a record was added after its day was sealed')
    .addOption(options.output())
    .action(async (given: RecordAuditOptions) => {
      const { auditPeriod } = await import('./audit.ts');
      setStatus(await auditPeriod(given, signal));
    });
}

function signKey(): Option {
  return new Option('--sign-key <file|arn>', 'private key of P-256 or Ed25519 (PEM), or the ARN of a key of KMS')
    .argParser(parseNotEmpty)
    .makeOptionMandatory();
}

function form(): Option {
  return new Option('--form <form>', 'Simple Verification Result, or Verification Summary of SLSA')
    .choices(['svr', 'vsa'])
    .default('svr');
}

function parseLimit(value: string): number {
  if (/^[1-9][0-9]{0,6}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('it must be a number from 1 to 9999999');
}

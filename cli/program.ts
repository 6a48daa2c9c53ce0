import { Command, Option } from 'commander';
import { VERIFIER_VERSION } from '../lib/runtime/verifier-version.ts';
import type { CheckOptions } from './commands/check.ts';
import type { ListLettersOptions } from './commands/dlq-list.ts';
import type { RedriveLettersOptions } from './commands/dlq-redrive.ts';
import type { RecordVerifyOptions } from './commands/record-verify.ts';
import type { SignatureOptions } from './commands/signature-verify.ts';
import type { AddOptions } from './commands/trust-add.ts';
import type { CheckTrustOptions } from './commands/trust-check.ts';
import type { PublishOptions } from './commands/trust-publish.ts';
import type { ShowOptions } from './commands/trust-show.ts';
import type { VerifyOptions } from './commands/verify.ts';
import { collect, options, parseNotEmpty, repeatable } from './options.ts';
import { parseLimit } from './parse-limit.ts';

/** Sets the exit status of the process; commands return it. */
type SetStatus = (status: number) => void;

const EXIT_STATUS_HELP = `
Exit status: 0 accepted or done, 1 rejected, 2 wrong call or unreadable input, 3 indeterminate (retry later),
70 fault of Signet’s own or result not written, 130 interrupted.`;

/** The whole command line. A command's code is loaded when it runs, so that help and small commands start fast. */
export function buildProgram(setStatus: SetStatus): Command {
  const program = new Command('signet')
    .description('Decides whether an OpenShift release image may be trusted, and proves why.')
    .version(VERIFIER_VERSION.replace('signet/', ''))
    .showHelpAfterError('(signet --help lists the commands)')
    .addHelpText('after', EXIT_STATUS_HELP)
    .exitOverride();
  addVerify(program, setStatus);
  addCheck(program, setStatus);
  addSignature(program, setStatus);
  addRecord(program, setStatus);
  addTrust(program, setStatus);
  addDlq(program, setStatus);
  program
    .command('completion')
    .description('print a completion script')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nExample: source <(signet completion bash)')
    .action(async (shell: string) => {
      const { printCompletion } = await import('./commands/completion.ts');
      setStatus(printCompletion(shell, program));
    });
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride().configureHelp({ showGlobalOptions: false });
  }
  return program;
}

function addVerify(program: Command, setStatus: SetStatus): void {
  program
    .command('verify')
    .description('decide whether a release image may be trusted: pullspec policy, then signatures')
    .argument('<pullspec>', 'registry/repository@sha256:<64 hex digits>; a tag beside the digest is ignored')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(options.store())
    .addOption(options.mode())
    .option('--force', 'accept whatever was found, as a forced cluster update does; every reason is kept')
    .option('--fail-on-forced', 'exit 1 when the verdict was accepted only by force')
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .addHelpText(
      'after',
      '\nExample: signet verify quay.io/openshift-release-dev/ocp-release@sha256:0065… --trust trust',
    )
    .action(async (pullspec: string, given: VerifyOptions) => {
      const { verify } = await import('./commands/verify.ts');
      setStatus(await verify(pullspec, given));
    });
}

function addCheck(program: Command, setStatus: SetStatus): void {
  program
    .command('check')
    .description('apply the pullspec policy alone: nothing is contacted')
    .argument('<pullspec>', 'registry/repository@sha256:<64 hex digits>')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(options.mode())
    .addOption(options.output())
    .action(async (pullspec: string, given: CheckOptions) => {
      const { check } = await import('./commands/check.ts');
      setStatus(await check(pullspec, given));
    });
}

function addSignature(program: Command, setStatus: SetStatus): void {
  program
    .command('signature')
    .description('single signatures, offline')
    .command('verify')
    .description('verify one signature file against key files')
    .argument('<file>', 'a signature as a store holds it, such as signature-1')
    .addOption(
      new Option('--keyring <file>', 'OpenPGP public keys, binary or armored; any may have signed (repeatable)')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .option('--digest <digest>', 'what the signature must be for')
    .option('--reference <repository>', 'repository that the signature must name')
    .addOption(options.output())
    .action(async (file: string, given: SignatureOptions) => {
      const { verifySignatureFile } = await import('./commands/signature-verify.ts');
      setStatus(await verifySignatureFile(file, given));
    });
}

function addRecord(program: Command, setStatus: SetStatus): void {
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
      const { verifyRecord } = await import('./commands/record-verify.ts');
      setStatus(await verifyRecord(file, given));
    });
}

function addTrust(program: Command, setStatus: SetStatus): void {
  const trust = program.command('trust').description('the documents that say whom to trust');
  trust
    .command('add')
    .description('write the trust of a publisher, from its key file, keeping only pinned certificates')
    .argument('<publisher>', 'redhat, whose fingerprints are built in, or a name of your own with --fingerprint')
    .addOption(options.trust())
    .option('--profile <name>', 'profile to write (default: ocp for redhat)')
    .option('--from <url|file>', 'the publisher’s key file (default for redhat: its published address)')
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
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .action(async (publisher: string, given: AddOptions) => {
      const { addTrust: add } = await import('./commands/trust-add.ts');
      setStatus(await add(publisher, given));
    });
  trust
    .command('show')
    .description('show profiles, keys with their validity, stores and the trust revision')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(options.output())
    .action(async (given: ShowOptions) => {
      const { showTrust } = await import('./commands/trust-show.ts');
      setStatus(await showTrust(given));
    });
  trust
    .command('check')
    .description('load every profile and say what is wrong; exit 0 when all load')
    .addOption(options.trust())
    .addOption(options.output())
    .action(async (given: CheckTrustOptions) => {
      const { checkTrust } = await import('./commands/trust-check.ts');
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
      const { publishProfiles } = await import('./commands/trust-publish.ts');
      setStatus(await publishProfiles(given));
    });
}

function addDlq(program: Command, setStatus: SetStatus): void {
  const dlq = program.command('dlq').description('dead letters: messages that were given up, each with its reason');
  const queue = 'URL of the queue of dead letters; push or mirror for the service on --data';
  const directory = (): Option =>
    new Option('--data <dir>', 'where the service that runs on this machine keeps its data')
      .argParser(parseNotEmpty)
      .default('./data');
  dlq
    .command('list')
    .description('show dead letters and why each is one; they stay where they are')
    .argument('<queue>', queue)
    .addOption(directory())
    .addOption(new Option('--limit <n>', 'letters to show at most').argParser(parseLimit).default(100))
    .addOption(options.output())
    .action(async (named: string, given: ListLettersOptions) => {
      const { listLetters } = await import('./commands/dlq-list.ts');
      setStatus(await listLetters(named, given));
    });
  dlq
    .command('redrive')
    .description('put dead letters back into the queue that they come from; all, unless some are chosen')
    .argument('<queue>', queue)
    .addOption(new Option('--to <url>', 'queue to put them into; known for push and mirror').argParser(parseNotEmpty))
    .addOption(directory())
    .addOption(repeatable('--id <message>', 'only the letter with this message ID (repeatable)'))
    .addOption(new Option('--reason <text>', 'only letters whose reason contains this').argParser(parseNotEmpty))
    .option('--dry-run', 'show what would be moved, and move nothing')
    .addOption(options.output())
    .action(async (named: string, given: RedriveLettersOptions) => {
      const { redrive } = await import('./commands/dlq-redrive.ts');
      setStatus(await redrive(named, given));
    });
}

import { type Command, Option } from 'commander';
import { VERIFIER_VERSION } from '../../lib/verdict/judge/verdict.ts';
import { parseNotEmpty } from '../shell/options.ts';
import { print } from '../shell/output.ts';
import { useOwnExits } from '../shell/own-exits.ts';
import type { Run } from '../shell/run-program.ts';
import { parseNotAfter, parseNotBefore } from './dates.ts';
import { runSop, toWrongCallStatus } from './failures.ts';
import type { VerifyOptions } from './verify.ts';

/** The draft that the commands follow; the tilde says that only its verification is here. */
const SPECIFICATION = '~draft-dkg-openpgp-stateless-cli-14';
/** The version of its verification-only subset. */
const SUBSET = '1.0';

const EXIT_HELP = `
Exit status, by the Stateless OpenPGP interface: 3 no valid signature, 19 an argument is missing, 37 unknown option,
41 bad data, 59 the output exists, 61 an input is missing, 69 unknown command, 71 unknown @ prefix,
73 a designator is a file too, 83 options exclude each other, 1 anything else.`;

/** `signet sopv …` */
export function addSopv(program: Command, { setStatus, signal }: Run): void {
  const sopv = program
    .command('sopv')
    .description('OpenPGP verification by the Stateless OpenPGP interface (sopv), with its exit statuses')
    .addOption(debugOption())
    .addHelpText('after', EXIT_HELP);
  sopv
    .command('version')
    .description('print the version of Signet, or of what it follows')
    .addOption(debugOption())
    .addOption(versionOption('--backend', 'the library of cryptography', ['extended', 'sopSpec', 'sopv']))
    .addOption(versionOption('--extended', 'Signet, the library and the system', ['backend', 'sopSpec', 'sopv']))
    .addOption(versionOption('--sop-spec', 'the draft of the interface', ['backend', 'extended', 'sopv']))
    .addOption(versionOption('--sopv', 'the version of its verification subset', ['backend', 'extended', 'sopSpec']))
    .action((given: VersionOptions) => print(toVersionLines(given).join('\n')));
  sopv
    .command('verify')
    .description('verify detached OpenPGP signatures over standard input')
    .argument('<signatures>', 'OpenPGP signatures, binary or armored: a file, @FD:NUMBER or @ENV:NAME')
    .argument('<certs...>', 'OpenPGP certificates; any may have signed')
    .addOption(notBefore())
    .addOption(notAfter())
    .addOption(debugOption())
    .action(async (signatures: string, certificates: readonly string[], _: unknown, command: Command) => {
      const { verifyDetached } = await import('./verify.ts');
      const given = command.optsWithGlobals<VerifyOptions>();
      setStatus(await runSop(async () => await verifyDetached(signatures, certificates, given, signal)));
    });
  sopv
    .command('inline-verify')
    .description('verify an OpenPGP message or clearsigned text of standard input, and print its content')
    .argument(
      '<certs...>',
      'OpenPGP certificates, binary or armored; any may have signed: files, @FD:NUMBER or @ENV:NAME',
    )
    .addOption(notBefore())
    .addOption(notAfter())
    .addOption(
      new Option(
        '--verifications-out <file>',
        'write a line for each valid signature here: a new file, or @FD:NUMBER',
      ).argParser(parseNotEmpty),
    )
    .addOption(debugOption())
    .action(async (certificates: readonly string[], _: unknown, command: Command) => {
      const { verifyInline } = await import('./verify.ts');
      const given = command.optsWithGlobals<VerifyOptions & { readonly verificationsOut?: string }>();
      setStatus(await runSop(async () => await verifyInline(certificates, given, signal)));
    });
  useOwnExits(sopv, toWrongCallStatus);
}

function debugOption(): Option {
  return new Option('--debug', 'say on standard error why signatures and certificates do not count');
}

function notBefore(): Option {
  return new Option('--not-before <date>', 'take no signature made before this date (ISO 8601, now, or - for none)')
    .argParser(parseNotBefore)
    .default(Number.NEGATIVE_INFINITY, '-');
}

function notAfter(): Option {
  return new Option('--not-after <date>', 'take no signature made after this date (ISO 8601, now, or - for none)')
    .argParser(parseNotAfter)
    .default('now', 'now');
}

interface VersionOptions {
  readonly backend?: boolean;
  readonly extended?: boolean;
  readonly sopSpec?: boolean;
  readonly sopv?: boolean;
}

function versionOption(flag: string, description: string, others: string[]): Option {
  return new Option(flag, description).conflicts(others);
}

function toVersionLines({ backend, extended, sopSpec, sopv }: VersionOptions): readonly string[] {
  const own = `signet ${VERIFIER_VERSION.replace('signet/', '')}`;
  const { openssl, node } = process.versions;
  if (backend === true) return [`OpenSSL ${openssl}`];
  if (sopSpec === true) return [SPECIFICATION];
  if (sopv === true) return [SUBSET];
  return extended === true ? [own, `OpenSSL ${openssl}`, `Node ${node}`, `${process.platform} ${process.arch}`] : [own];
}

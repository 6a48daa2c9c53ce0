import { type Command, Option } from 'commander';
import { collect, options, parseNotEmpty } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { SignatureOptions } from './verify.ts';

/** `signet signature …` */
export function addSignature(program: Command, { setStatus }: Run): void {
  program
    .command('signature')
    .description('single signatures, offline')
    .command('verify')
    .description('verify one signature file against key files')
    .argument('<file>', 'a signature as a store holds it, such as signature-1')
    .addOption(
      new Option(
        '--keyring <file>',
        'OpenPGP public keys, binary or armored; any may have signed (repeatable)',
      ).argParser(collect),
    )
    .addOption(
      new Option(
        '--prepared <file>',
        'a profile’s prepared trust, as it was published, instead of key files',
      ).argParser(parseNotEmpty),
    )
    .addOption(new Option('--digest <digest>', 'what the signature must be for').argParser(parseNotEmpty))
    .addOption(
      new Option('--reference <repository>', 'repository that the signature must name').argParser(parseNotEmpty),
    )
    .addOption(options.output())
    .action(async (file: string, given: SignatureOptions) => {
      const { verifySignatureFile } = await import('./verify.ts');
      setStatus(await verifySignatureFile(file, given));
    });
}

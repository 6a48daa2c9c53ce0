import { type Command, Option } from 'commander';
import { collect, options, parseNotEmpty } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { ChecksumsOptions } from './verify.ts';

/** `signet checksums …` */
export function addChecksums(program: Command, { setStatus, signal }: Run): void {
  program
    .command('checksums')
    .description('signed lists of checksums, such as sha256sum.txt, and the files that they name')
    .command('verify')
    .description('verify the signature of a list, then hash files and compare them with it')
    .argument('<file>', 'the list, signed or with its signature beside it (.gpg, .sig, .asc)')
    .argument('[path...]', 'files, or folders with the listed files (default: the folder of the list)')
    .addOption(
      new Option('--keyring <file>', 'OpenPGP public keys, binary or armored; any may have signed (repeatable)')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--signature <file>', 'the signature of the list, instead of those beside it').argParser(
        parseNotEmpty,
      ),
    )
    .option('--ignore-missing', 'in a folder, check the listed files that are there; at least one has to be')
    .option('--nested', 'read on in checksum lists that the list names')
    .option('--list-only', 'verify the signature and hash nothing')
    .addOption(options.output())
    .addHelpText(
      'after',
      '\nExample: signet checksums verify sha256sum.txt.gpg openshift-install-linux.tar.gz --keyring release-key.asc',
    )
    .action(async (file: string, paths: readonly string[], given: ChecksumsOptions) => {
      const { verifyChecksumFiles } = await import('./verify.ts');
      setStatus(await verifyChecksumFiles(file, paths, given, signal));
    });
}

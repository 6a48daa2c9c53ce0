import { type Command, Option } from 'commander';
import { options, parseConcurrency, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { TransitionOptions } from './transition.ts';

/** `signet report …` */
export function addReport(program: Command, { setStatus, signal }: Run): void {
  program
    .command('report')
    .description('audits over many releases')
    .command('transition')
    .description('compare the OpenPGP and Sigstore signatures of releases, before clusters require both')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(repeatable('--graph <file|url>', 'update graph whose releases to look at (repeatable)'))
    .addOption(options.channel())
    .addOption(options.arch())
    .addOption(options.targetVersion())
    .addOption(repeatable('--digest <digest>', 'a release to look at (repeatable)'))
    .addOption(
      new Option(
        '--mirror <repository>',
        'where a registry mirrors the releases (default: where they are named)',
      ).argParser(parseNotEmpty),
    )
    .addOption(new Option('--concurrency <n>', 'releases to handle at a time').argParser(parseConcurrency).default(32))
    .addOption(options.registryPullSecret())
    .addOption(options.registry())
    .addOption(options.allowRegistry())
    .addOption(options.store())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(
      new Option(
        '--keep <dir|s3://bucket>',
        'keep the counts by minor version in this object store, for the overview',
      ).argParser(parseNotEmpty),
    )
    .addOption(options.judgedOutput())
    .addHelpText(
      'after',
      '\nExample: signet report transition --graph graph.json --mirror mirror.example.com/ocp/release --trust trust',
    )
    .action(async (given: TransitionOptions) => {
      const { reportSignatures } = await import('./transition.ts');
      setStatus(await reportSignatures(given, signal));
    });
}

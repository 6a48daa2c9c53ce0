import { type Command, Option } from 'commander';
import type { TransitionOptions } from '../commands/report-transition.ts';
import { options, parseNotEmpty, repeatable } from '../options.ts';
import { parseConcurrency } from '../parse-concurrency.ts';

/** `signet report …` */
export function addReport(program: Command, setStatus: (status: number) => void): void {
  program
    .command('report')
    .description('audits over many releases')
    .command('transition')
    .description('what OpenPGP and Sigstore each say of releases, before clusters ask for both')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(repeatable('--graph <file|url>', 'update graph whose releases to look at (repeatable)'))
    .addOption(repeatable('--channel <name>', 'channel to ask an update service for (repeatable)'))
    .addOption(repeatable('--arch <name>', 'architecture to ask an update service for (repeatable)'))
    .addOption(repeatable('--digest <digest>', 'a release to look at (repeatable)'))
    .addOption(
      new Option(
        '--mirror <repository>',
        'where a registry mirrors the releases (default: where they are named)',
      ).argParser(parseNotEmpty),
    )
    .addOption(new Option('--concurrency <n>', 'releases under way at a time').argParser(parseConcurrency).default(32))
    .addOption(new Option('--pull-secret <file>', 'config.json that opens the registry').argParser(parseNotEmpty))
    .addOption(repeatable('--registry <host=origin>', 'where a registry’s API is instead of https (repeatable)'))
    .addOption(repeatable('--allow-registry <host>', 'contact this host too, for tokens or redirects (repeatable)'))
    .addOption(options.store())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .addHelpText(
      'after',
      '\nExample: signet report transition --graph graph.json --mirror mirror.example.com/ocp/release --trust trust',
    )
    .action(async (given: TransitionOptions) => {
      const { reportSignatures } = await import('../commands/report-transition.ts');
      setStatus(await reportSignatures(given));
    });
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import { options, parseConcurrency, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { ReadinessOptions } from './readiness.ts';

/** `signet readiness` */
export function addReadiness(program: Command, { setStatus, signal }: Run): void {
  program
    .command('readiness')
    .description('whether a site may update to 4.21, 4.22 or 5.0: what is missing, and the commands that bring it')
    .addOption(
      new Option('--to <version>', 'minor version to update to: 4.21, 4.22, 4.23 or 5.0')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--cluster <file|dir>',
        'exports of the cluster: oc get -o yaml, a folder of them, or a must-gather (also as .tar.gz)',
      )
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(
      repeatable('--digest <digest>', 'a release to update to (repeatable; default: what the cluster is offered)'),
    )
    .addOption(repeatable('--graph <file|url>', 'update graph whose releases to look at (repeatable)'))
    .addOption(options.channel())
    .addOption(options.arch())
    .addOption(
      new Option(
        '--mirror <repository>',
        'where releases are mirrored (default: by the cluster’s mirror sets)',
      ).argParser(parseNotEmpty),
    )
    .addOption(
      new Option(
        '--component-mirror <repository>',
        'where components are mirrored (default: as the releases)',
      ).argParser(parseNotEmpty),
    )
    .option('--connected', 'nodes reach the sources of mirror sets too: what the mirrors lack is read there')
    .addOption(
      new Option(
        '--boot-image <version>',
        'version of the oldest boot image of machines (default: the version that was installed)',
      ).argParser(parseMinorVersion),
    )
    .addOption(
      new Option('--host-skopeo <version>', 'version of skopeo on the hosts, as in 1.22.2').argParser(parseVersion),
    )
    .addOption(new Option('--concurrency <n>', 'images to handle at a time').argParser(parseConcurrency).default(32))
    .addOption(options.registryPullSecret())
    .addOption(options.registry())
    .addOption(options.allowRegistry())
    .addOption(options.store())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.judgedOutput())
    .addHelpText(
      'after',
      '\nExit status: 0 ready, 1 not ready, 2 a wrong call, 3 something could not be read or is not shown.\n\nExample: signet readiness --to 4.21 --cluster site --trust trust',
    )
    .action(async (given: ReadinessOptions) => {
      const { showReadiness } = await import('./readiness.ts');
      setStatus(await showReadiness(given, signal));
    });
}

function parseMinorVersion(value: string): string {
  const [, minor] = /^([0-9]{1,3}\.[0-9]{1,3})(?:\.[0-9A-Za-z.+-]{1,64})?$/.exec(value) ?? [];
  if (minor === undefined) throw new InvalidArgumentError('it must be a version such as 4.18');
  return minor;
}

function parseVersion(value: string): string {
  if (/^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}$/.test(value)) return value;
  throw new InvalidArgumentError('it must be a version such as 1.22.2');
}

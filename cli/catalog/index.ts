import { type Command, Option } from 'commander';
import { options, parseConcurrency, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { CatalogCheckOptions } from './check.ts';

/** `signet catalog …` */
export function addCatalog(program: Command, { setStatus, signal }: Run): void {
  program
    .command('catalog')
    .description('operator catalogs and bundles')
    .command('check')
    .description(
      'which images are pinned by digest, what policies say about them and which verify; exit 1 when one is at fault',
    )
    .argument(
      '<file>',
      'file-based catalog (JSON or YAML), ClusterServiceVersion, or a list with one pullspec to a line',
    )
    .addOption(new Option('--policy <file>', 'policy.json that nodes go by').argParser(parseNotEmpty))
    .addOption(repeatable('--trust <dir>', 'trust documents, to say what of them covers an image (repeatable)'))
    .option('--verify', 'verify each image: by the profiles of --trust that name its repository, and by --policy')
    .addOption(options.registriesD())
    .addOption(options.keyRoot())
    .addOption(options.bundleIdentity())
    .addOption(options.registryPullSecret())
    .addOption(options.allowRegistry())
    .addOption(options.registry())
    .addOption(options.store())
    .addOption(new Option('--concurrency <n>', 'images to handle at a time').argParser(parseConcurrency).default(8))
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.judgedOutput())
    .addHelpText(
      'after',
      '\nExample: signet catalog check catalog.json --policy policy.json --verify --registries-d registries.d',
    )
    .action(async (file: string, given: CatalogCheckOptions) => {
      const { checkCatalogFile } = await import('./check.ts');
      setStatus(await checkCatalogFile(file, given, signal));
    });
}

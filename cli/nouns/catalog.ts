import { type Command, Option } from 'commander';
import type { CatalogCheckOptions } from '../commands/catalog-check.ts';
import { options, parseNotEmpty, repeatable } from '../options.ts';

/** `signet catalog …` */
export function addCatalog(program: Command, setStatus: (status: number) => void): void {
  program
    .command('catalog')
    .description('operator catalogs and bundles')
    .command('check')
    .description('which images are pinned by digest and what policies say about them; exit 1 when one is at fault')
    .argument(
      '<file>',
      'file-based catalog (JSON or YAML), ClusterServiceVersion, or a list with one pullspec to a line',
    )
    .addOption(new Option('--policy <file>', 'policy.json that nodes go by').argParser(parseNotEmpty))
    .addOption(repeatable('--trust <dir>', 'trust documents, to say what of them covers an image (repeatable)'))
    .addOption(options.output())
    .addHelpText('after', '\nExample: signet catalog check catalog.json --policy policy.json')
    .action(async (file: string, given: CatalogCheckOptions) => {
      const { checkCatalogFile } = await import('../commands/catalog-check.ts');
      setStatus(await checkCatalogFile(file, given));
    });
}

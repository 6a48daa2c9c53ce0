import { type Command, Option } from 'commander';
import { optionalTrust, options, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { CreateBundleOptions } from './create.ts';
import type { ImportBundleOptions } from './import.ts';
import type { InspectBundleOptions } from './inspect.ts';

/** Adds the commands for bundles. */
export function addBundle(program: Command, { setStatus, signal }: Run): void {
  const bundle = program.command('bundle').description('one archive of signatures for a disconnected site');
  bundle
    .command('create')
    .description('write what a mirror holds and the trust verifies as one .tar.gz: the same input, the same bytes')
    .argument('<file>', 'the bundle to write, such as signatures.tar.gz; an earlier one there is replaced')
    .addOption(
      new Option('--from <dir|s3://bucket>', 'object store that holds the mirror')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(options.trust())
    .option('--profile <name>', 'take what this profile verifies only (default: what any verifies)')
    .addOption(
      repeatable('--since <file>', 'an earlier bundle or its manifest.json: leave out what it holds (repeatable)'),
    )
    .addOption(
      new Option(
        '--sigstore-from <repository>',
        'take along the Sigstore signatures that this repository keeps beside the releases',
      ).argParser(parseNotEmpty),
    )
    .option('--with-tool', 'write an archive to carry in, with this program, which has to be the single file')
    .addOption(new Option('--tool <file>', 'take this program along instead').argParser(parseNotEmpty))
    .option('--with-trust', 'take the trust documents along beside the bundle, with a page of what to compare by hand')
    .option('--components', 'and those of the images that the releases are made of, where they are named')
    .addOption(options.registryPullSecret())
    .addOption(options.registry())
    .addOption(repeatable('--allow-registry <host>', 'contact this host too, for tokens or components (repeatable)'))
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .action(async (file: string, given: CreateBundleOptions) => {
      const { writeBundle } = await import('./create.ts');
      setStatus(await writeBundle(file, given, signal));
    });
  bundle
    .command('inspect')
    .description('list a bundle and compare it with its manifest; exit 1 when it is forged, 2 when it cannot be read')
    .argument('<file>', 'a bundle, or an archive to carry in')
    .addOption(new Option('--trust <dir>', 'verify the signatures too, by these documents').argParser(parseNotEmpty))
    .option('--profile <name>', 'verify by this profile only (default: any of them)')
    .addOption(options.output())
    .action(async (file: string, given: InspectBundleOptions) => {
      const { inspect } = await import('./inspect.ts');
      setStatus(await inspect(file, given, signal));
    });
  bundle
    .command('import')
    .description('verify signatures again and add them to a directory that a web server serves, a bucket or a registry')
    .argument(
      '<path>',
      'a bundle or an archive to carry in; signature ConfigMaps, in Policies too; a mirror_*.tar of oc-mirror; a directory of it, oc adm release mirror, graph data or a mirror',
    )
    .addOption(new Option('--to <dir|s3://bucket>', 'where the signatures go').argParser(parseNotEmpty))
    .addOption(
      new Option(
        '--to-registry <repository>',
        'push the Sigstore signatures of a bundle to where a registry mirrors the releases',
      ).argParser(parseNotEmpty),
    )
    .addOption(
      new Option(
        '--components-to <repository>',
        'where the registry mirrors other images (default: there too)',
      ).argParser(parseNotEmpty),
    )
    .option('--replace', 'write over what a tag of the registry names, rather than adding to it')
    .addOption(options.registryPullSecret())
    .addOption(options.registry())
    .addOption(repeatable('--allow-registry <host>', 'contact this host too, for tokens (repeatable)'))
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(
      optionalTrust('trust documents of this side: a directory per profile, or one profile', {
        unless: 'useBundleTrust',
      }),
    )
    .option('--profile <name>', 'verify by this profile only (default: any of them)')
    .addOption(
      new Option('--use-bundle-trust', 'verify by the documents in the bundle itself: whoever made it chose its keys')
        .conflicts('trust')
        .conflicts('profile'),
    )
    .option('--skip-unverified', 'import the rest when some signatures do not verify; the exit status stays 1')
    .addOption(options.output())
    .action(async (source: string, given: ImportBundleOptions) => {
      const { importSignatures } = await import('./import.ts');
      setStatus(await importSignatures(source, given, signal));
    });
}

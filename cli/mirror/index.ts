import { type Command, Option } from 'commander';
import { options, parseConcurrency, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { AuditOptions, PruneOptions } from './audit.ts';
import type { MirrorCheckOptions } from './check.ts';
import type { MirrorListOptions } from './list.ts';
import type { MirrorSigstoreOptions } from './sigstore.ts';
import type { SyncOptions } from './sync.ts';

/** `signet mirror …` */
export function addMirror(program: Command, { setStatus, signal }: Run): void {
  const mirror = program.command('mirror').description('a mirror of signatures, which holds only what verifies');
  const to = (description: string): Option =>
    new Option('--to <dir|s3://bucket>', description).argParser(parseNotEmpty).makeOptionMandatory();
  const repository = (flags: string, description: string): Option =>
    new Option(flags, `${description}: HOST[:PORT]/PATH`).argParser(parseNotEmpty).makeOptionMandatory();
  mirror
    .command('sync')
    .description('copy the signatures that a mirror lacks, of the releases in update graphs or of single digests')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(to('object store that holds the mirror'))
    .addOption(repeatable('--graph <file|url>', 'update graph whose releases to mirror (repeatable)'))
    .addOption(options.channel())
    .addOption(options.arch())
    .addOption(repeatable('--digest <digest>', 'a digest or pullspec to mirror, looked up now (repeatable)'))
    .addOption(new Option('--concurrency <n>', 'digests to handle at a time').argParser(parseConcurrency).default(32))
    .option('--ask-now', 'look up now what was not found lately, too')
    .option('--no-children', 'ask no registry for the children of multi-architecture lists')
    .addOption(new Option('--pull-secret <file>', 'config.json that opens those registries').argParser(parseNotEmpty))
    .addOption(options.store())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .action(async (given: SyncOptions) => {
      const { syncMirrored } = await import('./sync.ts');
      setStatus(await syncMirrored(given, signal));
    });
  mirror
    .command('list')
    .description('what a mirror holds: versions and architectures as the signatures name them, and since when')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(to('object store that holds the mirror'))
    .addOption(
      repeatable('--release <version>', 'this version, or every one of a minor version such as 4.16 (repeatable)'),
    )
    .addOption(repeatable('--arch <name>', 'this architecture, as in x86_64 or multi (repeatable)'))
    .addOption(options.output())
    .addHelpText('after', '\nExample: signet mirror list --to mirror --trust trust --release 4.16')
    .action(async (given: MirrorListOptions) => {
      const { listMirrored } = await import('./list.ts');
      setStatus(await listMirrored(given, signal));
    });
  mirror
    .command('check')
    .description('check that a registry has what clusters need: manifests and signatures, each verified')
    .argument('<repository>', 'where the registry has release images: HOST[:PORT]/PATH')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(repeatable('--graph <file|url>', 'update graph whose releases to look for (repeatable)'))
    .addOption(options.channel())
    .addOption(options.arch())
    .addOption(repeatable('--digest <digest>', 'a release to look for (repeatable)'))
    .addOption(options.targetVersion())
    .option('--components [repository]', 'look for the images that releases are made of too, there or beside them')
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
      '\nExample: signet mirror check mirror.example.com/ocp/release --graph graph.json --trust trust --store signatures',
    )
    .action(async (place: string, given: MirrorCheckOptions) => {
      const { checkMirrored } = await import('./check.ts');
      setStatus(await checkMirrored(place, given, signal));
    });
  mirror
    .command('sigstore')
    .description('copy the signatures beside release images to where a registry mirrors them, once they verify')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(repository('--from <repository>', 'where the release images are'))
    .addOption(repository('--to <repository>', 'where their mirror is'))
    .addOption(
      new Option(
        '--components <repository>',
        'copy those of the images that the releases are made of too, to this repository',
      ).argParser(parseNotEmpty),
    )
    .addOption(repeatable('--graph <file|url>', 'update graph whose releases to copy for (repeatable)'))
    .addOption(options.channel())
    .addOption(options.arch())
    .addOption(repeatable('--digest <digest>', 'a release to copy for (repeatable)'))
    .option('--replace', 'write over what a tag names, rather than adding to it')
    .addOption(new Option('--concurrency <n>', 'images to handle at a time').argParser(parseConcurrency).default(32))
    .addOption(new Option('--pull-secret <file>', 'config.json that opens both registries').argParser(parseNotEmpty))
    .addOption(options.registry())
    .addOption(options.allowRegistry())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .action(async (given: MirrorSigstoreOptions) => {
      const { mirrorSigstore } = await import('./sigstore.ts');
      setStatus(await mirrorSigstore(given, signal));
    });
  mirror
    .command('audit')
    .description('verify again what a mirror holds, by the trust of every profile; exit 1 when something does not')
    .addOption(options.trust())
    .addOption(to('object store that holds the mirror'))
    .addOption(options.output())
    .action(async (given: AuditOptions) => {
      const { auditMirrored } = await import('./audit.ts');
      setStatus(await auditMirrored(given, signal));
    });
  mirror
    .command('prune')
    .description('quarantine what no profile verifies any more, and close the gaps')
    .addOption(options.trust())
    .addOption(to('object store that holds the mirror'))
    .option('--dry-run', 'show what would be taken out, and change nothing')
    .option('--other-trust', 'use --trust although the service of this mirror uses other revisions')
    .addOption(options.output())
    .action(async (given: PruneOptions) => {
      const { pruneMirrored } = await import('./audit.ts');
      setStatus(await pruneMirrored(given, signal));
    });
}

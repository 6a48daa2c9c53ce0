import { type Command, Option } from 'commander';
import { options, parseConcurrency, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { VerifyManyOptions } from './verify-many.ts';
import type { VerifyOptions } from './verify.ts';

/** A version rather than a pullspec: what is no digest and begins with two numbers. */
const VERSION_LIKE = /^[0-9]+\.[0-9]+(?:\.[0-9A-Za-z.+-]*)?$/;

/** `signet verify` */
export function addVerify(program: Command, { setStatus, signal }: Run): void {
  program
    .command('verify')
    .description('decide whether release images may be trusted: pullspec policy, then signatures')
    .argument(
      '[pullspec...]',
      'registry/repository@sha256:<64 hex digits>, whose tag is ignored; or a version, as in 4.16.37; several print a line each',
    )
    .addOption(
      new Option('-f, --file <file>', 'pullspecs and versions, one to a line; - for standard input').argParser(
        parseNotEmpty,
      ),
    )
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(options.store())
    .addOption(
      repeatable(
        '--graph <file|url>',
        'update graph that says which image a version is (repeatable; default: the local --store, else the public update service)',
      ),
    )
    .addOption(options.channel())
    .addOption(repeatable('--arch <name>', 'architecture of a version, as in x86_64 or multi (repeatable)'))
    .addOption(options.mode())
    .addOption(options.platform())
    .option('--force', 'accept whatever was found, as a forced cluster update does; every reason is kept')
    .option('--fail-on-forced', 'exit 1 when the verdict was accepted only by force')
    .addOption(
      new Option('--concurrency <n>', 'pullspecs whose signatures are read at a time; as many more are verified')
        .argParser(parseConcurrency)
        .default(32),
    )
    .addOption(options.allowPrivateStores())
    .addOption(options.pullSecret())
    .addOption(options.registry())
    .addOption(options.tlsCa())
    .addOption(new Option('--as <operator>', 'print the words of this operator').choices(['hive', 'clusterversion']))
    .addOption(options.judgedOutput())
    .addHelpText(
      'after',
      `
Examples: signet verify quay.io/openshift-release-dev/ocp-release@sha256:0065… --trust trust
  signet verify 4.16.37 --arch x86_64 --trust trust
  signet verify -f pullspecs.txt --trust trust`,
    )
    .action(async (named: readonly string[], given: VerifyOptions & VerifyManyOptions) => {
      const [first = ''] = named;
      const isOnePullspec = named.length === 1 && given.file === undefined && !VERSION_LIKE.test(first);
      if (isOnePullspec) {
        const { verify } = await import('./verify.ts');
        setStatus(await verify(first, given, signal));
        return;
      }
      const { verifyMany } = await import('./verify-many.ts');
      setStatus(await verifyMany(named, given, signal));
    });
}

import { type Command, Option } from 'commander';
import { options } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { VerifyOptions } from './verify.ts';

/** `signet verify` */
export function addVerify(program: Command, { setStatus, signal }: Run): void {
  program
    .command('verify')
    .description('decide whether a release image may be trusted: pullspec policy, then signatures')
    .argument('<pullspec>', 'registry/repository@sha256:<64 hex digits>; a tag beside the digest is ignored')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(options.store())
    .addOption(options.mode())
    .addOption(options.platform())
    .option('--force', 'accept whatever was found, as a forced cluster update does; every reason is kept')
    .option('--fail-on-forced', 'exit 1 when the verdict was accepted only by force')
    .addOption(options.allowPrivateStores())
    .addOption(options.pullSecret())
    .addOption(options.registry())
    .addOption(options.tlsCa())
    .addOption(new Option('--as <operator>', 'print the words of this operator').choices(['hive', 'clusterversion']))
    .addOption(options.output())
    .addHelpText(
      'after',
      '\nExample: signet verify quay.io/openshift-release-dev/ocp-release@sha256:0065… --trust trust',
    )
    .action(async (pullspec: string, given: VerifyOptions) => {
      const { verify } = await import('./verify.ts');
      setStatus(await verify(pullspec, given, signal));
    });
}

import { type Command, Option } from 'commander';
import { options, parseNotEmpty } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { ReleaseInspectOptions } from './inspect.ts';

/** `signet release …` */
export function addRelease(program: Command, { setStatus, signal }: Run): void {
  program
    .command('release')
    .description('what release images are made of')
    .command('inspect')
    .description('list the components of a release image, read from its layers; exit 1 when one is not by digest')
    .argument('<image>', 'registry/repository@sha256:<64 hex digits> or with a tag, dir:PATH or oci:PATH[:NAME]')
    .addOption(
      new Option('--arch <name>', 'of a list this image alone, amd64 for one (default: every one)').argParser(
        parseNotEmpty,
      ),
    )
    .option('--verify-components', 'verify the release by its digest, and every component by the image policies')
    .addOption(new Option('--trust <dir>', 'trust documents to verify by').argParser(parseNotEmpty))
    .addOption(options.profile())
    .addOption(options.store())
    .addOption(options.registryPullSecret())
    .addOption(options.allowRegistry())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .addHelpText('after', '\nExample: signet release inspect quay.io/openshift-release-dev/ocp-release:4.21.0-x86_64')
    .action(async (image: string, given: ReleaseInspectOptions) => {
      const { inspectReleaseImage } = await import('./inspect.ts');
      setStatus(await inspectReleaseImage(image, given, signal));
    });
}

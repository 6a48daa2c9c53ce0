import { type Command, Option } from 'commander';
import { optionalTrust, options, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { ReleaseAuditOptions } from './audit.ts';
import type { ReleaseInspectOptions } from './inspect.ts';

/** `signet release …` */
export function addRelease(program: Command, { setStatus, signal }: Run): void {
  const release = program.command('release').description('what release images are made of, and who signed them');
  release
    .command('inspect')
    .description('list the components of a release image, read from its layers; exit 1 when one is not by digest')
    .argument('<image>', 'registry/repository@sha256:<64 hex digits> or with a tag, dir:PATH or oci:PATH[:NAME]')
    .addOption(
      new Option('--arch <name>', 'of a list this image alone, amd64 for one (default: every one)').argParser(
        parseNotEmpty,
      ),
    )
    .option('--verify-components', 'verify the release by its digest, and every component by the image policies')
    .addOption(optionalTrust('trust documents to verify by', { needs: 'verifyComponents' }))
    .addOption(options.profile())
    .addOption(options.store())
    .addOption(options.registryPullSecret())
    .addOption(options.allowRegistry())
    .addOption(options.registry())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .addHelpText('after', '\nExample: signet release inspect quay.io/openshift-release-dev/ocp-release:4.21.0-x86_64')
    .action(async (image: string, given: ReleaseInspectOptions) => {
      const { inspectReleaseImage } = await import('./inspect.ts');
      setStatus(await inspectReleaseImage(image, given, signal));
    });
  release
    .command('audit')
    .description(
      'verify every signature of a release in every store by itself, for each architecture; exit 1 for a fault',
    )
    .argument('<version>', 'such as 4.16.37; its tags are VERSION-ARCHITECTURE')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(
      repeatable('--arch <name>', 'architecture that has to be there (repeatable; default: those that have a tag)'),
    )
    .addOption(
      new Option('--repository <name>', 'HOST[:PORT]/PATH (default: the profile’s first canonical one)').argParser(
        parseNotEmpty,
      ),
    )
    .addOption(
      new Option('--exceptions <file>', 'YAML or JSON: what is known to be missing, with reason and source').argParser(
        parseNotEmpty,
      ),
    )
    .addOption(options.store())
    .addOption(options.registryPullSecret())
    .addOption(options.registry())
    .addOption(options.allowRegistry())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .addHelpText('after', '\nExample: signet release audit 4.16.37 --trust trust/ocp --exceptions known.yaml -o json')
    .action(async (version: string, given: ReleaseAuditOptions) => {
      const { auditReleaseVersion } = await import('./audit.ts');
      setStatus(await auditReleaseVersion(version, given, signal));
    });
}

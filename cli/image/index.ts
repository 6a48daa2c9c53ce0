import { type Command, Option } from 'commander';
import { options, parseNotEmpty } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import type { ImageReadersOptions } from './readers.ts';
import type { ImageVerifyOptions } from './verify.ts';

/** `signet image …` */
export function addImage(program: Command, { setStatus, signal }: Run): void {
  const image = program.command('image').description('any image, by the policy files that nodes have');
  image
    .command('readers')
    .description('list the Sigstore signatures beside an image, verified or not, and which clients read them')
    .argument('<image>', 'REFERENCE or docker://REFERENCE')
    .addOption(options.registryPullSecret())
    .addOption(options.allowRegistry())
    .addOption(options.registry())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .addHelpText('after', '\nExample: signet image readers registry.example.com/acme/app:1.0')
    .action(async (text: string, given: ImageReadersOptions) => {
      const { showReaders } = await import('./readers.ts');
      setStatus(await showReaders(text, given, signal));
    });
  image
    .command('verify')
    .description('verify an image by policy.json, as podman, skopeo and CRI-O do, with a result for each requirement')
    .argument('<image>', 'docker://REFERENCE, dir:PATH or oci:PATH[:NAME]')
    .addOption(
      new Option('--policy <file>', 'policy.json (containers-policy.json(5))')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(options.registriesD())
    .addOption(options.keyRoot())
    .addOption(options.bundleIdentity())
    .addOption(options.platform())
    .addOption(options.targetVersion())
    .addOption(options.registryPullSecret())
    .addOption(options.allowRegistry())
    .addOption(options.registry())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.judgedOutput())
    .addHelpText(
      'after',
      '\nExample: signet image verify docker://registry.access.redhat.com/ubi9:latest --policy policy.json --registries-d registries.d',
    )
    .action(async (text: string, given: ImageVerifyOptions) => {
      const { verifyImage } = await import('./verify.ts');
      setStatus(await verifyImage(text, given, signal));
    });
}

import { type Command, Option } from 'commander';
import type { ImageVerifyOptions } from '../commands/image-verify.ts';
import { options, parseNotEmpty, repeatable } from '../options.ts';

/** `signet image …` */
export function addImage(program: Command, setStatus: (status: number) => void): void {
  program
    .command('image')
    .description('any image, by the policy files that nodes have')
    .command('verify')
    .description('hold an image against policy.json, as podman, skopeo and CRI-O do; each requirement has its result')
    .argument('<image>', 'docker://REFERENCE, dir:PATH or oci:PATH[:NAME]')
    .addOption(
      new Option('--policy <file>', 'policy.json (containers-policy.json(5))')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--registries-d <dir>', 'registries.d, which says where signatures are').argParser(parseNotEmpty),
    )
    .addOption(new Option('--root <dir>', 'read the policy’s key paths below this folder').argParser(parseNotEmpty))
    .addOption(
      new Option('--bundle-identity <rule>', 'a Sigstore bundle names no repository: refuse it, or take its digest')
        .choices(['refuse', 'digest'])
        .default('refuse'),
    )
    .addOption(new Option('--pull-secret <file>', 'config.json that opens the registry').argParser(parseNotEmpty))
    .addOption(repeatable('--allow-registry <host>', 'contact this host too, for tokens or redirects (repeatable)'))
    .addOption(options.registry())
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(options.output())
    .addHelpText(
      'after',
      '\nExample: signet image verify docker://registry.access.redhat.com/ubi9:latest --policy policy.json --registries-d registries.d',
    )
    .action(async (image: string, given: ImageVerifyOptions) => {
      const { verifyImage } = await import('../commands/image-verify.ts');
      setStatus(await verifyImage(image, given));
    });
}

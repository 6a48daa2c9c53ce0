import { type Command, Option } from 'commander';
import type { RenderConfigMapsOptions } from '../commands/render-configmaps.ts';
import type { RenderMirrorSetsOptions } from '../commands/render-mirror-sets.ts';
import type { RenderSignatureStoresOptions } from '../commands/render-signature-stores.ts';
import type { RenderTrustOptions } from '../commands/render-trust.ts';
import { collect, options, parseNotEmpty, repeatable } from '../options.ts';

const output = (): Option =>
  new Option('-o, --output <format>', 'how to write it').choices(['yaml', 'json']).default('yaml');

/** What clusters consume, written for them; nothing is contacted but the object store that signatures are read from. */
export function addRender(program: Command, setStatus: (status: number) => void): void {
  const render = program.command('render').description('manifests that clusters consume');
  addConfigMaps(render, setStatus);
  addSignatureStores(render, setStatus);
  addMirrorSets(render, setStatus);
  addTrustConfigMap(render, setStatus);
}

function addConfigMaps(render: Command, setStatus: (status: number) => void): void {
  render
    .command('configmaps')
    .description('signature ConfigMaps of a mirror, by minor version: what verifies, and nothing else')
    .addOption(
      new Option('--from <dir|s3://bucket>', 'object store that holds signatures/, such as a mirror')
        .argParser(parseNotEmpty)
        .makeOptionMandatory(),
    )
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(repeatable('--digest <digest>', 'this release alone (repeatable)'))
    .addOption(
      repeatable('--graph <file|url>', 'update graph with the versions of what was signed without one (repeatable)'),
    )
    .addOption(repeatable('--minor <version>', 'this minor version alone, such as 4.16 (repeatable)'))
    .addOption(
      new Option('--to <dir>', 'write one file for each ConfigMap, and touch none that is the same').argParser(
        parseNotEmpty,
      ),
    )
    .option('--prune', 'remove files of --to that were rendered before and are not any more')
    .addOption(options.allowPrivateStores())
    .addOption(options.tlsCa())
    .addOption(output())
    .addHelpText(
      'after',
      '\nExample: signet render configmaps --from s3://mirror --trust trust --minor 4.16 --to gitops',
    )
    .action(async (given: RenderConfigMapsOptions) => {
      const { renderConfigMaps } = await import('../commands/render-configmaps.ts');
      setStatus(await renderConfigMaps(given));
    });
}

function addSignatureStores(render: Command, setStatus: (status: number) => void): void {
  render
    .command('signature-stores')
    .description('patch of a ClusterVersion that points the cluster at signature stores (Technology Preview)')
    .argument('[url...]', 'what /sha256=<hex>/signature-1 follows, such as https://mirror.example/signatures')
    .addOption(
      new Option('--ca <name>', 'ConfigMap in openshift-config with ca.crt; current operators ignore it').argParser(
        parseNotEmpty,
      ),
    )
    .addOption(output())
    .action(async (urls: readonly string[], given: RenderSignatureStoresOptions) => {
      const { renderSignatureStores } = await import('../commands/render-signature-stores.ts');
      setStatus(renderSignatureStores(urls, given));
    });
}

function addMirrorSets(render: Command, setStatus: (status: number) => void): void {
  render
    .command('mirror-sets')
    .description('mirror set that tells a cluster where release and component images are mirrored')
    .addOption(
      new Option('--mirror <repository>', 'registry/repository of the mirrored release images (repeatable)')
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .addOption(
      repeatable(
        '--component-mirror <repository>',
        'registry/repository of the mirrored component images, if it is another (repeatable)',
      ),
    )
    .addOption(new Option('--profile <name>', 'ocp or okd, whose sources are built in').default('ocp'))
    .addOption(repeatable('--release <repository>', 'source of release images instead of the profile’s (repeatable)'))
    .addOption(
      repeatable('--component <repository>', 'source of component images instead of the profile’s (repeatable)'),
    )
    .addOption(
      new Option(
        '--mirror-source-policy <policy>',
        'whether the source is contacted when no mirror has an image',
      ).choices(['AllowContactingSource', 'NeverContactSource']),
    )
    .addOption(
      new Option('--kind <kind>', 'ImageDigestMirrorSet, ImageTagMirrorSet or ImageContentSourcePolicy')
        .choices(['idms', 'itms', 'icsp'])
        .default('idms'),
    )
    .addOption(output())
    .action(async (given: RenderMirrorSetsOptions) => {
      const { renderMirrorSets } = await import('../commands/render-mirror-sets.ts');
      setStatus(renderMirrorSets(given));
    });
}

function addTrustConfigMap(render: Command, setStatus: (status: number) => void): void {
  render
    .command('trust')
    .description('the release-verification ConfigMap of a profile: stores, public keys, repositories')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(output())
    .action(async (given: RenderTrustOptions) => {
      const { renderTrust } = await import('../commands/render-trust.ts');
      setStatus(await renderTrust(given));
    });
}

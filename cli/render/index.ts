import { type Command, Option } from 'commander';
import { collect, options, parseNotEmpty, repeatable } from '../shell/options.ts';
import type { Run } from '../shell/run-program.ts';
import { addAdmission } from './admission.ts';
import type { RenderConfigMapsOptions } from './configmaps.ts';
import { addImagePolicy } from './image-policy-options.ts';
import type { RenderMachineConfigOptions } from './machineconfig.ts';
import type { RenderMirrorSetsOptions } from './mirror-sets.ts';
import { addPolicy } from './policy-options.ts';
import type { RenderSignatureStoresOptions } from './signature-stores.ts';
import type { RenderTrustOptions } from './trust.ts';

const output = (): Option =>
  new Option('-o, --output <format>', 'how to write it').choices(['yaml', 'json']).default('yaml');

/** Renders what clusters consume. Only the object store that holds the signatures is contacted. */
export function addRender(program: Command, run: Run): void {
  const render = program.command('render').description('manifests that clusters consume');
  addConfigMaps(render, run);
  addSignatureStores(render, run);
  addMirrorSets(render, run);
  addTrustConfigMap(render, run);
  addMachineConfig(render, run);
  addImagePolicy(render, run);
  addAdmission(render, run);
  addPolicy(render, run);
}

function addConfigMaps(render: Command, { setStatus, signal }: Run): void {
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
      const { renderConfigMaps } = await import('./configmaps.ts');
      setStatus(await renderConfigMaps(given, signal));
    });
}

function addSignatureStores(render: Command, { setStatus }: Run): void {
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
      const { renderSignatureStores } = await import('./signature-stores.ts');
      setStatus(renderSignatureStores(urls, given));
    });
}

function addMirrorSets(render: Command, { setStatus }: Run): void {
  render
    .command('mirror-sets')
    .description('mirror set that names where release and component images are mirrored')
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
    .addOption(
      new Option(
        '--name <name>',
        'name of the mirror set: signet-release-mirrors for ocp, with the profile behind it for any other',
      ).argParser(parseNotEmpty),
    )
    .addOption(output())
    .action(async (given: RenderMirrorSetsOptions) => {
      const { renderMirrorSets } = await import('./mirror-sets.ts');
      setStatus(renderMirrorSets(given));
    });
}

function addTrustConfigMap(render: Command, { setStatus }: Run): void {
  render
    .command('trust')
    .description('the release-verification ConfigMap of a profile: stores and public keys')
    .addOption(options.trust())
    .addOption(options.profile())
    .addOption(
      new Option('--name <name>', 'name of the ConfigMap: release-verification by default').argParser(parseNotEmpty),
    )
    .addOption(
      new Option(
        '--namespace <namespace>',
        'its namespace, such as that of Hive: openshift-config-managed by default',
      ).argParser(parseNotEmpty),
    )
    .option('--repositories', 'with the profile’s repositories, of which cluster-version operators warn')
    .addOption(output())
    .action(async (given: RenderTrustOptions) => {
      const { renderTrust } = await import('./trust.ts');
      setStatus(await renderTrust(given));
    });
}

function addMachineConfig(render: Command, { setStatus }: Run): void {
  render
    .command('machineconfig')
    .description('MachineConfigs that put policy.json, registries.d files and keys on nodes')
    .addOption(new Option('--policy <file>', 'policy.json, as nodes shall have it').argParser(parseNotEmpty))
    .addOption(repeatable('--registries-d <dir|file>', 'folder of registries.d files, or one of them (repeatable)'))
    .addOption(repeatable('--key <path=file>', 'key file, and where the policy says that it is (repeatable)'))
    .addOption(new Option('--root <dir>', 'key files at <dir>/<path in the policy>').argParser(parseNotEmpty))
    .addOption(repeatable('--key-on-node <path>', 'key that nodes have already, and that is not written (repeatable)'))
    .option('--from-profile', 'take policy.json, registries.d and keys/ from a profile of --trust')
    .addOption(new Option('--trust <dir>', 'trust documents, for --from-profile').argParser(parseNotEmpty))
    .addOption(options.profile())
    .addOption(
      new Option('--pool <name>', 'machine config pool (repeatable)')
        .argParser(collect)
        .default([], 'worker and master'),
    )
    .addOption(
      new Option(
        '--name <name>',
        'name of the MachineConfig, with {pool} where the pool stands: 51-{pool}-signet-policy by default',
      ).argParser(parseNotEmpty),
    )
    .addOption(
      new Option('--ignition <version>', 'Ignition specification; 2.2 for clusters before 4.6')
        .choices(['3.4', '2.2'])
        .default('3.4'),
    )
    .addOption(
      repeatable('--pull-source <repository>', 'must not be rejected, as release images must not (repeatable)'),
    )
    .addOption(
      new Option(
        '--target-version <version>',
        'refuse what nodes of it cannot read; from 4.21 on write ClusterImagePolicies',
      ).argParser(parseNotEmpty),
    )
    .addOption(
      new Option(
        '--override-cluster-policy <file>',
        'policy.json of a node from 4.21 on: its scopes are kept, and the file is replaced',
      ).argParser(parseNotEmpty),
    )
    .option('--force', 'write it although nodes could not use it, or not pull what they need')
    .addOption(output())
    .addHelpText(
      'after',
      '\nExample: signet render machineconfig --policy policy.json --registries-d registries.d --root rootfs',
    )
    .action(async (given: RenderMachineConfigOptions) => {
      const { renderMachineConfig } = await import('./machineconfig.ts');
      setStatus(await renderMachineConfig(given));
    });
}

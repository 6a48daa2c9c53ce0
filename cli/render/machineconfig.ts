import path from 'node:path';
import { type ManifestFormat, toManifestsText } from '../../lib/base/documents/manifest-text.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { toClusterImagePolicies } from '../../lib/cluster/render/image-policies.ts';
import { mergeClusterPolicy, ownsPolicy, requireLast } from '../../lib/cluster/render/machine-config/cluster-policy.ts';
import { toNodeFiles } from '../../lib/cluster/render/machine-config/machine-config-files.ts';
import { prepareNodeKeys } from '../../lib/cluster/render/machine-config/machine-config-keys.ts';
import {
  parseNodePolicy,
  parseNodeRegistriesD,
  warnOfIgnored,
} from '../../lib/cluster/render/machine-config/machine-config-sources.ts';
import { type IgnitionVersion, toMachineConfigs } from '../../lib/cluster/render/machine-config/machine-config.ts';
import {
  describeUnserved,
  findTakenSections,
  findUnservedScopes,
  warnOfIgnoredLookasides,
} from '../../lib/cluster/render/machine-config/node-registries-d.ts';
import {
  BEFORE_IGNITION_3,
  findUnknownMembers,
  parseTargetMinor,
} from '../../lib/cluster/render/machine-config/node-versions.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import type { ImagePolicy } from '../../lib/trust/policy/image-policy.ts';
import {
  findCoveredReleases,
  findLockoutRisks,
  findLockouts,
  type Lockout,
  parsePullSource,
  RELEASE_REPOSITORIES,
  warnOfIdentities,
} from '../../lib/trust/policy/machine-config-lockouts.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import type { RegistriesD } from '../../lib/trust/registries-d/registries-d.ts';
import { toPrintable } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { type MachineConfigSourceOptions, readKeys, readSources } from './machine-config-sources.ts';

export interface RenderMachineConfigOptions extends MachineConfigSourceOptions {
  readonly pool: readonly string[];
  readonly name?: string;
  readonly overrideClusterPolicy?: string;
  readonly ignition: IgnitionVersion;
  readonly pullSource: readonly string[];
  readonly targetVersion?: string;
  readonly force?: boolean;
  readonly output: ManifestFormat;
}

const POOLS = ['worker', 'master'];

const DEFAULT_NAME = '51-{pool}-signet-policy';
/** Sorts after what the cluster writes itself. */
const LAST_NAME = '99-{pool}-signet-policy';
const IMAGE_POLICY_NAME = 'signet-policy';

/** @returns the exit status: 1 when nodes could not use the policy, or not pull what they need, and nothing is written */
export async function renderMachineConfig(options: RenderMachineConfigOptions): Promise<number> {
  const { ignition, output, overrideClusterPolicy, targetVersion } = options;
  const pools = options.pool.length === 0 ? POOLS : options.pool;
  const given = targetVersion === undefined ? undefined : parseTargetMinor(targetVersion);
  const minor = given ?? (ignition === '2.2' ? BEFORE_IGNITION_3 : undefined);
  if (overrideClusterPolicy !== undefined && !ownsPolicy(minor)) {
    throw invalid('--override-cluster-policy goes with a --target-version of 4.21 or later');
  }
  const sources = await readSources(options);
  for (const text of sources.notes) say(`note: ${text}`);
  const policy = parseNodePolicy(sources.policy);
  const registriesD = parseNodeRegistriesD(sources.registriesD);
  for (const warning of warnOfIdentities(policy)) warn(warning);
  if (ownsPolicy(minor) && overrideClusterPolicy === undefined) {
    const keys = await readNodeKeys(policy, sources, options);
    return renderImagePolicies(policy, keys, options, registriesD);
  }
  // Messages name the files of this side; on nodes their folder is another.
  const onNodes = sources.registriesD.map((file) => ({ ...file, name: path.basename(file.name) }));
  const merged = await mergeInto(sources.policy, overrideClusterPolicy);
  const name = options.name ?? (overrideClusterPolicy === undefined ? DEFAULT_NAME : LAST_NAME);
  for (const pool of overrideClusterPolicy === undefined ? [] : pools) requireLast(name, pool);
  const images = [...new Set([...RELEASE_REPOSITORIES, ...options.pullSource])].map(parsePullSource);
  const effective = parseNodePolicy(merged);
  // What nodes could not use is said first: it needs no key.
  const faults = [
    ...(minor === undefined ? [] : findUnknownMembers(merged, minor)),
    ...findTakenSections(parseNodeRegistriesD(onNodes), minor),
    ...findLockouts(effective, images).map(describeLockout),
  ];
  if (faults.length > 0 && options.force !== true) return refuse(faults, '; --force writes it all the same', output);
  for (const fault of faults) warn(`forced: ${fault}`);
  for (const warning of warnOfIgnored(sources.registriesD)) warn(warning);
  for (const warning of minor === undefined ? [] : warnOfIgnoredLookasides(sources.registriesD, minor)) warn(warning);
  for (const risk of findLockoutRisks(policy, images, registriesD)) warn(risk);
  // From 4.21 on the cluster writes the sections of its own policies.
  for (const scope of findUnservedScopes(policy, registriesD)) warn(describeUnserved(scope));
  const keys = await readNodeKeys(policy, sources, options);
  const files = toNodeFiles({ policy: merged.bytes, registriesD: onNodes, keys });
  const manifests = toMachineConfigs({ pools, name, ignition, files });
  process.stdout.write(toManifestsText(manifests, output));
  return ExitStatus.done;
}

/** The keys that the policy names, as nodes read them. */
async function readNodeKeys(
  policy: ImagePolicy,
  sources: Awaited<ReturnType<typeof readSources>>,
  options: RenderMachineConfigOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { keys, warnings } = await prepareNodeKeys(policy, await readKeys(policy, sources, options));
  for (const warning of warnings) warn(warning);
  return keys;
}

/** From 4.21 on the cluster writes policy.json from image policies, and those are what it gets. */
function renderImagePolicies(
  policy: ImagePolicy,
  keys: ReadonlyMap<string, Uint8Array>,
  { name = IMAGE_POLICY_NAME, targetVersion, output, pullSource }: RenderMachineConfigOptions,
  registriesD: RegistriesD,
): number {
  if (name.includes('{')) throw invalid('a ClusterImagePolicy is for all pools: leave {pool} out of --name');
  const { manifests, inexpressible } = toClusterImagePolicies(policy, keys, name);
  const owner = `clusters of ${targetVersion} write policy.json themselves, from image policies`;
  if (inexpressible.length > 0) {
    return refuse(
      inexpressible,
      `: ${owner}; --override-cluster-policy FILE replaces the whole file on every node`,
      output,
    );
  }
  if (manifests.length === 0)
    return refuse([`the policy requires nothing of any image, so there is no image policy`], '', output);
  const images = [...new Set([...RELEASE_REPOSITORIES, ...pullSource])].map(parsePullSource);
  for (const risk of findCoveredReleases(policy, images)) warn(risk);
  say(`${owner}: this is a ClusterImagePolicy, and no MachineConfig`);
  if (registriesD.docker.size > 0) say('the cluster writes registries.d for it too: the given files are left out');
  process.stdout.write(toManifestsText(manifests, output));
  return ExitStatus.done;
}

function refuse(faults: readonly string[], what: string, output: ManifestFormat): number {
  if (output === 'json') {
    const message = `refused: ${faults.join('; ')}; nothing is written${what}`;
    const said = { schema: 1, kind: 'Error', code: 'Refused', message, exitStatus: ExitStatus.rejected };
    process.stderr.write(`${JSON.stringify(said)}\n`);
    return ExitStatus.rejected;
  }
  for (const fault of faults) say(`refused: ${fault}`);
  say(`nothing is written${what}`);
  return ExitStatus.rejected;
}

async function mergeInto(ours: TrustDocument, cluster: string | undefined): Promise<TrustDocument> {
  if (cluster === undefined) return ours;
  const bytes = await readInput(cluster, MAX_TRUST_FILE_BYTES);
  const { policy, warnings } = mergeClusterPolicy(ours, { name: cluster, bytes });
  for (const warning of warnings) warn(warning);
  return policy;
}

function describeLockout({ image, scope, reason }: Lockout): string {
  return `${image}: ${reason}, by ${scope}`;
}

function warn(text: string): void {
  say(`warning: ${text}`);
}

function say(text: string): void {
  process.stderr.write(`signet: ${toPrintable(text)}\n`);
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}

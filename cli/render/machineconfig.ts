import path from 'node:path';
import { type ManifestFormat, toManifestsText } from '../../lib/base/documents/manifest-text.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import {
  describeTarget,
  type IgnitionVersion,
  toMachineConfigName,
  toMachineConfigs,
} from '../../lib/cluster/render/machine-config/machine-config.ts';
import { toNodeFiles } from '../../lib/cluster/render/machine-config/machine-config-files.ts';
import { checkKeyFiles, checkKeys, listKeyPaths } from '../../lib/cluster/render/machine-config/machine-config-keys.ts';
import {
  parseNodePolicy,
  parseNodeRegistriesD,
  readProfileFiles,
} from '../../lib/cluster/render/machine-config/machine-config-sources.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import type { ImagePolicy } from '../../lib/trust/policy/image-policy.ts';
import {
  findLockoutRisks,
  findLockouts,
  type Lockout,
  parsePullSource,
  RELEASE_REPOSITORIES,
} from '../../lib/trust/policy/machine-config-lockouts.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import { readRegistriesDFiles } from '../open/node-policy.ts';
import { toPrintable } from '../shell/output.ts';
import { MAX_KEY_FILE_BYTES, readBelowRoot, readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RenderMachineConfigOptions {
  readonly policy?: string;
  readonly registriesD: readonly string[];
  readonly key: readonly string[];
  readonly root?: string;
  readonly keyOnNode: readonly string[];
  readonly fromProfile?: boolean;
  readonly trust?: string;
  readonly profile?: string;
  readonly pool: readonly string[];
  readonly name: string;
  readonly ignition: IgnitionVersion;
  readonly pullSource: readonly string[];
  readonly targetVersion?: string;
  readonly force?: boolean;
  readonly output: ManifestFormat;
}

/** The files for nodes, not checked yet. */
interface Sources {
  readonly policy: TrustDocument;
  readonly registriesD: readonly TrustDocument[];
  /** Finds the key that belongs at a path of a node; undefined when there is none. */
  readonly readKey: (keyPath: string) => Promise<Uint8Array | undefined>;
}

const POOLS = ['worker', 'master'];

/** @returns the exit status: 1 when the policy would lock the cluster out, and nothing is written */
export async function renderMachineConfig(options: RenderMachineConfigOptions): Promise<number> {
  const { name, ignition, output, targetVersion } = options;
  const pools = options.pool.length === 0 ? POOLS : options.pool;
  const sources = await readSources(options);
  const policy = parseNodePolicy(sources.policy);
  const registriesD = parseNodeRegistriesD(sources.registriesD);
  const keys = await readKeys(policy, sources, options);
  const warnings = await checkKeyFiles(policy, keys);
  const files = toNodeFiles({ policy: sources.policy.bytes, registriesD: sources.registriesD, keys });
  const manifests = toMachineConfigs({ pools, name, ignition, files });
  const images = [...new Set([...RELEASE_REPOSITORIES, ...options.pullSource])].map(parsePullSource);
  const lockouts = findLockouts(policy, images);
  if (lockouts.length > 0 && options.force !== true) {
    for (const lockout of lockouts) say(`refused: ${describeLockout(lockout)}`);
    say('nodes could not pull what they need; --force writes it all the same');
    return ExitStatus.rejected;
  }
  for (const lockout of lockouts) warn(`forced: ${describeLockout(lockout)}`);
  for (const warning of warnings) warn(warning);
  for (const risk of findLockoutRisks(policy, images, registriesD)) warn(risk);
  for (const pool of targetVersion === undefined ? [] : pools) {
    const warning = describeTarget(targetVersion ?? '', toMachineConfigName(name, pool), pool);
    if (warning !== undefined) warn(warning);
  }
  process.stdout.write(toManifestsText(manifests, output));
  return ExitStatus.done;
}

async function readSources(options: RenderMachineConfigOptions): Promise<Sources> {
  const { policy, registriesD, key, root, trust } = options;
  if (options.fromProfile === true) {
    if (trust === undefined) throw invalid('--from-profile needs --trust');
    if (policy !== undefined || registriesD.length + key.length > 0 || root !== undefined) {
      throw invalid(
        '--from-profile takes all files from the profile: leave --policy, --registries-d, --key, --root out',
      );
    }
    const files = await readProfileFiles(trust, options.profile);
    return { ...files, readKey: (keyPath) => Promise.resolve(files.keys.get(path.posix.basename(keyPath))) };
  }
  if (trust !== undefined) throw invalid('--trust goes with --from-profile');
  if (policy === undefined) throw invalid('name the policy: --policy FILE, or --from-profile --trust DIR');
  const given = await readGivenKeys(key);
  return {
    policy: { name: policy, bytes: await readInput(policy, MAX_TRUST_FILE_BYTES) },
    registriesD: await readRegistriesDFiles(registriesD),
    readKey: async (keyPath) =>
      given.get(keyPath) ?? (root === undefined ? undefined : readBelowRoot(root, keyPath, MAX_KEY_FILE_BYTES)),
  };
}

async function readKeys(
  policy: ImagePolicy,
  { readKey }: Sources,
  { key, keyOnNode }: RenderMachineConfigOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const needed = listKeyPaths(policy);
  const keys = new Map<string, Uint8Array>();
  for (const keyPath of needed) {
    const bytes = keyOnNode.includes(keyPath) ? undefined : await readKey(keyPath);
    if (bytes !== undefined) keys.set(keyPath, bytes);
  }
  checkKeys(needed, [...new Set([...keys.keys(), ...key.map((one) => splitKey(one)[0])])], keyOnNode);
  return keys;
}

async function readGivenKeys(texts: readonly string[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const keys = new Map<string, Uint8Array>();
  for (const [keyPath, file] of texts.map(splitKey)) {
    if (keys.has(keyPath)) throw invalid(`--key: ${keyPath} is given twice`);
    keys.set(keyPath, await readInput(file, MAX_KEY_FILE_BYTES));
  }
  return keys;
}

function splitKey(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0 && equals < text.length - 1) return [text.slice(0, equals), text.slice(equals + 1)];
  throw invalid(`--key: expected <path on the node>=<file>, not ${JSON.stringify(text)}`);
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

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { listExport, readClusterFiles } from '../../lib/cluster/fleet/read-fleet-directory.ts';
import { type ExportedCluster, GATHERED, readExportedCluster } from '../../lib/cluster/trial/exported-cluster.ts';
import { readTriedPolicies, type TriedPolicies, toNodePolicies } from '../../lib/cluster/trial/tried-policies.ts';
import type { Decide } from '../../lib/cluster/trial/try-image.ts';
import { tryPolicies } from '../../lib/cluster/trial/try-policies.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import type { NodeVersion } from '../../lib/verdict/judge/nodes.ts';
import { decideForNodes } from '../open/decide-for-nodes.ts';
import { openRegistryImages, type RegistryImageOptions } from '../open/images.ts';
import { readKeyFile, readPolicyKeys } from '../open/keys.ts';
import { type OutputOptions, type PlatformOptions, parsePlatforms } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';
import { toExitStatus } from '../shell/run-program.ts';
import { formatTrial } from './format-trial.ts';
import { toPolicyTrial } from './trial.ts';

export interface PolicyTryOptions extends RegistryImageOptions, PlatformOptions, OutputOptions {
  readonly policy: string;
  readonly against: string;
  readonly verify?: boolean;
  readonly root?: string;
  readonly bundleIdentity: 'refuse' | 'digest';
  readonly targetVersion?: NodeVersion;
}

/** @returns the exit status: 1 when something that runs would be refused, 3 when something is not known */
export async function tryPolicy(options: PolicyTryOptions, signal: AbortSignal): Promise<number> {
  requireUse(options);
  const { tried, warnings } = readTriedPolicies(await readPolicies(options.policy));
  const folder = await listExport(options.against, GATHERED);
  const exported = readExportedCluster(options.against, await readClusterFiles(folder, GATHERED));
  const policies = toNodePolicies(tried, exported.policies);
  const { decide, close } = await openDecision(options, tried, exported, signal);
  try {
    const images = await tryPolicies(exported, policies, decide);
    signal.throwIfAborted();
    const trial = toPolicyTrial({
      cluster: folder.cluster,
      isVerified: options.verify === true,
      minor: toMinor(options.targetVersion),
      tried,
      warnings,
      exported,
      policies,
      images,
    });
    printResult(options.output, trial, formatTrial);
    return toExitStatus(trial.outcome);
  } finally {
    close();
  }
}

/** An option that changes nothing was meant to change something. @throws InputError `ArgumentInvalid` */
function requireUse({ verify = false, ...given }: PolicyTryOptions): void {
  const { registriesD, root, pullSecret, allowRegistry, registry = [], allowPrivateStores, tlsCa } = given;
  const isForVerify = [registriesD, root, pullSecret, allowPrivateStores, tlsCa].some((value) => value !== undefined);
  if (verify || (!isForVerify && allowRegistry.length + registry.length === 0)) return;
  throw new InputError('ArgumentInvalid', 'without --verify nothing is contacted: leave what says how out');
}

/** Every file of the folder, or the file: what is no policy is refused, and nothing is passed over. */
async function readPolicies(place: string): Promise<readonly TrustDocument[]> {
  const isFolder = (await stat(place).catch(() => undefined))?.isDirectory() === true;
  const names = isFolder ? (await readdir(place)).filter((name) => !name.startsWith('.')).toSorted() : [];
  if (isFolder && names.length === 0) throw new InputError('FileUnreadable', `--policy ${place}: the folder is empty`);
  const files = isFolder ? names.map((name) => path.join(place, name)) : [place];
  const documents: TrustDocument[] = [];
  for (const name of files) documents.push({ name, bytes: await readInput(name, MAX_TRUST_FILE_BYTES) });
  return documents;
}

interface OpenedDecision {
  readonly decide: Decide | undefined;
  readonly close: () => void;
}

/** The decision of `signet image verify`, with the mirrors of the cluster. Without `--verify` nothing is contacted. */
async function openDecision(
  options: PolicyTryOptions,
  tried: TriedPolicies,
  { mirrorRules }: ExportedCluster,
  signal: AbortSignal,
): Promise<OpenedDecision> {
  if (options.verify !== true) return { decide: undefined, close: () => undefined };
  const { open, close } = await openRegistryImages(options);
  const decide: Decide = async ({ reference, digest, policy }) => {
    const source = await open(reference, { mirrorRules, digest, isAttached: tried.kind === 'objects' });
    const ask = {
      policy,
      keys: (key: Parameters<typeof readPolicyKeys>[0]) => readPolicyKeys(key, options.root),
      sigstore: {
        readFile: (file: string) => readKeyFile(file, options.root),
        bundleIdentity: options.bundleIdentity,
      },
      platforms: parsePlatforms(options),
      now: new Date(),
      signal,
    };
    return await decideForNodes({ source, asNode: source.asNode }, ask, options.targetVersion);
  };
  return { decide, close };
}

function toMinor(version: NodeVersion | undefined): string | undefined {
  return version === undefined ? undefined : `${version.major}.${version.minor}`;
}

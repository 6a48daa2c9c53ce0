import { type ManifestFormat, toManifestsText, toManifestText } from '../../lib/base/documents/manifest-text.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { parseNamedDigest } from '../../lib/base/names/reference.ts';
import {
  pruneSignatureConfigMaps,
  type WrittenManifest,
  writeManifests,
} from '../../lib/cluster/render/manifest-directory.ts';
import { readSignedReleases, type SignedReleases } from '../../lib/cluster/render/read-signed-releases.ts';
import { parseMinor, toMinor, toVersionLookup } from '../../lib/cluster/render/release-version.ts';
import {
  SIGNATURES_NAME,
  type SignatureConfigMapDocument,
  type SignedRelease,
  toGroupName,
  toSignatureConfigMaps,
} from '../../lib/cluster/render/signature-config-maps.ts';
import { toShownPlace } from '../../lib/platform/http/http-url.ts';
import { listOperatorWarnings } from '../../lib/trust/prepared/prepared-trust.ts';
import { readGraphVersions } from '../open/releases.ts';
import { openSource } from '../open/stores.ts';
import { openTrust } from '../open/trust.ts';
import type { StoreOptions, TrustOptions } from '../shell/options.ts';
import { printResult, toPrintable } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RenderConfigMapsOptions extends TrustOptions, Omit<StoreOptions, 'store'> {
  readonly from: string;
  readonly digest: readonly string[];
  readonly graph: readonly string[];
  readonly minor: readonly string[];
  readonly to?: string;
  readonly prune?: boolean;
  readonly output: ManifestFormat;
}

/** Signatures left out that are named one by one, at most. */
const MAX_NAMED = 100;

/** @returns the exit status */
export async function renderConfigMaps(options: RenderConfigMapsOptions, signal: AbortSignal): Promise<number> {
  checkPrune(options);
  const digests = options.digest.map(parseNamedDigest);
  const minors = options.minor.map(parseMinor);
  const trust = await openTrust(options);
  const versions = await readGraphVersions(options.graph, options, trust.prepared.storeAccess, signal);
  const read = await readReleases(options.from, {
    trust,
    now: new Date(),
    signal,
    digests: digests.length === 0 ? undefined : digests,
    versionOf: toVersionLookup(versions),
  });
  signal.throwIfAborted();
  for (const warning of listOperatorWarnings(trust.prepared)) warn(warning);
  warnLeftOut(read);
  const releases = read.releases.filter(({ version }) => minors.length === 0 || minors.includes(minorOf(version)));
  const configMaps = toSignatureConfigMaps(releases);
  const missing = [
    ...digests.filter((digest) => !releases.some((release) => release.digest === digest)),
    ...minors.filter((minor) => !releases.some(({ version }) => minorOf(version) === minor)),
  ];
  for (const name of missing) warn(`there is no signature of ${name} that verifies in ${toShownPlace(options.from)}`);
  if (configMaps.length === 0) {
    warn(`nothing is rendered: no signature in ${toShownPlace(options.from)} is of what was asked for and verifies`);
    return ExitStatus.rejected;
  }
  if (options.to === undefined) process.stdout.write(toManifestsText(configMaps, options.output));
  else await writeFiles(options.to, options, configMaps, releases);
  return missing.length === 0 ? ExitStatus.done : ExitStatus.rejected;
}

/** Where only some releases are rendered, the files of the others must not go. @throws InputError */
function checkPrune({ prune, to, digest }: RenderConfigMapsOptions): void {
  if (prune !== true) return;
  if (to === undefined) throw new InputError('ArgumentInvalid', '--prune removes files and needs --to');
  if (digest.length > 0) throw new InputError('ArgumentInvalid', '--prune cannot be used with --digest');
}

async function readReleases(
  from: string,
  request: Omit<Parameters<typeof readSignedReleases>[0], 'objects'>,
): Promise<SignedReleases> {
  try {
    return await readSignedReleases({ ...request, objects: await openSource(from) });
  } catch (cause) {
    if (cause instanceof InputError) throw new InputError(cause.code, `--from: ${cause.message}`, { cause });
    if (cause instanceof StoreError)
      throw new StoreError(cause.code, `--from ${toShownPlace(from)}: ${cause.message}`, { cause });
    throw cause;
  }
}

async function writeFiles(
  directory: string,
  { output, prune, minor }: RenderConfigMapsOptions,
  configMaps: readonly SignatureConfigMapDocument[],
  releases: readonly SignedRelease[],
): Promise<void> {
  const files = configMaps.map((configMap) => ({
    name: `${configMap.metadata.name}.${output}`,
    text: toManifestText(configMap, output),
  }));
  // Digests move to higher numbers alone: written first, so that an interrupted run removes none.
  const written = (await writeManifests(directory, files.toReversed())).toReversed();
  const rendered = releases.map(({ version }) => toGroupName(version === undefined ? undefined : toMinor(version)));
  const removed =
    prune === true
      ? await pruneSignatureConfigMaps({
          directory,
          keep: new Set(files.map(({ name }) => name)),
          groups: minor.length === 0 ? [SIGNATURES_NAME] : rendered,
          now: new Date(),
        })
      : [];
  printResult(output === 'json' ? 'json' : 'text', { files: [...written, ...removed] }, formatWritten);
}

function formatWritten({ files }: { readonly files: readonly WrittenManifest[] }): string {
  return files.map(({ file, outcome }) => `${outcome.padEnd(9)}  ${file}`).join('\n');
}

function warnLeftOut({ leftOut, unsatisfied }: SignedReleases): void {
  for (const { location, attempts } of leftOut.slice(0, MAX_NAMED)) {
    const [first] = attempts;
    warn(`left out ${location}: ${first?.code ?? 'unknown'}: ${first?.message ?? ''}`);
  }
  if (leftOut.length > MAX_NAMED) warn(`left out ${leftOut.length - MAX_NAMED} more`);
  for (const { digest, keyrings } of unsatisfied.slice(0, MAX_NAMED)) {
    warn(`${digest} has no signature of ${keyrings.join(', ')}: this profile does not accept it`);
  }
  if (unsatisfied.length > MAX_NAMED) warn(`${unsatisfied.length - MAX_NAMED} more lack a keyring’s signature`);
}

function minorOf(version: string | undefined): string {
  return (version === undefined ? undefined : toMinor(version)) ?? '';
}

function warn(text: string): void {
  process.stderr.write(`signet: ${toPrintable(text)}\n`);
}

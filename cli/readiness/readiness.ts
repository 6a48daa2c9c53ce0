import { styleText } from 'node:util';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { parsePullspec } from '../../lib/base/names/reference.ts';
import { OF_SITE } from '../../lib/cluster/fleet/read-fleet-archive.ts';
import { listExport, readClusterFiles } from '../../lib/cluster/fleet/read-fleet-directory.ts';
import { findDemands } from '../../lib/cluster/readiness/check-cluster.ts';
import { checkSite, chooseRelease, findVersion, withSitePolicies } from '../../lib/cluster/readiness/check-site.ts';
import type { ClaimedNames } from '../../lib/cluster/readiness/check-tags.ts';
import { parseSite, type SiteState } from '../../lib/cluster/readiness/parse-site.ts';
import type { SiteFinding, SiteReadiness } from '../../lib/cluster/readiness/readiness.ts';
import { requireWhole } from '../../lib/cluster/readiness/site-objects.ts';
import { builtInComponents } from '../../lib/cluster/render/mirror-sets.ts';
import type { WantedRelease } from '../../lib/mirror/check/check-mirror.ts';
import { listSignatures } from '../../lib/registry/attachments/find-attachments.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { parseRegistryRepository } from '../open/registries.ts';
import { type ReleaseOptions, readReleases } from '../open/releases.ts';
import { openSyncStores } from '../open/stores.ts';
import { openTrust } from '../open/trust.ts';
import type { Judgement } from '../shell/formats/judgement.ts';
import type { OutputOptions, StoreOptions, TrustOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { createProgress } from '../shell/progress.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { openSitePlaces, type SiteAccess, type SitePlaces } from './open-places.ts';

export interface ReadinessOptions
  extends TrustOptions, ReleaseOptions, Omit<StoreOptions, 'pullSecret' | 'registry'>, SiteAccess, OutputOptions {
  readonly to: string;
  readonly cluster: string;
  readonly mirror?: string;
  readonly componentMirror?: string;
  readonly bootImage?: string;
  readonly hostSkopeo?: string;
  readonly concurrency: number;
}

/** @returns the exit status: 0 only when the site may update, 1 when it may not, 3 when that is not known */
export async function showReadiness(options: ReadinessOptions, signal: AbortSignal): Promise<number> {
  const demands = findDemands(options.to);
  const [mirror, componentMirror] = [options.mirror, options.componentMirror].map((one) =>
    one === undefined ? undefined : parseRegistryRepository(one),
  );
  if (componentMirror !== undefined && mirror === undefined) {
    throw new InputError('ArgumentInvalid', '--component-mirror needs --mirror');
  }
  const folder = await listExport(options.cluster, OF_SITE);
  const site = parseSite(folder.cluster, await readClusterFiles(folder, OF_SITE));
  requireWhole(site);
  const trust = await openTrust(options);
  const prepared = withSitePolicies(trust.prepared, site);
  const { releases, leftOut } = await chooseReleases(options, site, prepared, demands.minor, signal);
  const { store: signatures, close } = await openSyncStores(options, prepared);
  const progress = createProgress('images');
  try {
    const places = await openSitePlaces({ mirror, componentMirror }, options, prepared, site);
    try {
      const readiness = await checkSite({
        site,
        demands,
        releases,
        leftOut,
        ...places.check,
        componentRepositories: builtInComponents(prepared.profile),
        listClaims: async (release) => await readClaims(release, places, signal),
        bootImage: options.bootImage,
        hostSkopeo: options.hostSkopeo,
        words: { trust: options.trust },
        trust: { ...trust, prepared },
        signatures,
        nodeVersion: toNodeVersion(demands.minor),
        concurrency: options.concurrency,
        now: () => new Date(),
        signal,
        onProgress: (done, total) => progress.show(done, { total }),
      });
      progress.end();
      signal.throwIfAborted();
      printResult(options.output, readiness, formatReadiness, toJudgement);
      return toStatus(readiness);
    } finally {
      places.close();
    }
  } finally {
    progress.end();
    close();
  }
}

function toNodeVersion(minor: string): { readonly major: number; readonly minor: number } {
  const [major = 0, second = 0] = minor.split('.').map(Number);
  return { major, minor: second };
}

/** What the command line names, else what the cluster is offered. @throws InputError when there is neither */
async function chooseReleases(
  options: ReadinessOptions,
  site: SiteState,
  prepared: PreparedTrust,
  minor: string,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<typeof readReleases>>> {
  if (options.digest.length + options.graph.length > 0) {
    const { releases, leftOut } = await readReleases(options, prepared, signal);
    const named = releases.map((one) => ({
      ...one,
      versions: one.versions.length > 0 ? one.versions : listVersion(site, one),
    }));
    return { releases: named, leftOut };
  }
  const chosen = chooseRelease(site, minor);
  if (chosen === undefined) {
    const reason =
      site.version === undefined && site.offered.length === 0
        ? 'the exports hold no ClusterVersion that says what the cluster is offered'
        : `the exports offer the cluster no release of ${minor}`;
    throw new InputError('ArgumentInvalid', `${reason}: name it with --digest, or an update graph with --graph`);
  }
  const { digest } = parsePullspec(chosen.image);
  if (digest === undefined)
    throw new InputError('ArgumentInvalid', `${chosen.image} has no digest: name it with --digest`);
  const found = await readReleases({ ...options, digest: [digest] }, prepared, signal);
  return { ...found, releases: found.releases.map((one) => ({ ...one, versions: [chosen.version] })) };
}

function listVersion(site: SiteState, { digest }: WantedRelease): readonly string[] {
  const version = findVersion(site, digest);
  return version === undefined ? [] : [version];
}

async function readClaims(release: WantedRelease, places: SitePlaces, signal: AbortSignal): Promise<ClaimedNames> {
  try {
    const { found, failed } = await places.atHolder(release, signal, async (client, place) =>
      listSignatures(client, place, release.digest, signal),
    );
    return {
      names: found.flatMap(({ claimedNames }) => claimedNames),
      failed: failed.map(({ location, error }) => `${location}: ${error.message}`),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StoreError)) throw error;
    return { names: [], failed: [error.message] };
  }
}

const TO_OUTCOME = { ready: 'accepted', 'not ready': 'rejected', unknown: 'indeterminate' } as const;
const TO_JUDGED = { yes: 'accepted', no: 'rejected', unknown: 'indeterminate' } as const;

function toJudgement({ outcome, findings }: SiteReadiness): Judgement {
  const judged = findings.map(({ check, answer, message, details, commands }) => {
    const told = [{ code: check, message, details: [...details, ...commands.map((command) => `→ ${command}`)] }];
    return answer === 'yes'
      ? { name: check, outcome: TO_JUDGED[answer], findings: [], notes: told }
      : { name: check, outcome: TO_JUDGED[answer], findings: told };
  });
  return { command: 'readiness', outcome: TO_OUTCOME[outcome], judged };
}

function toStatus({ outcome }: SiteReadiness): number {
  if (outcome === 'not ready') return ExitStatus.rejected;
  return outcome === 'ready' ? ExitStatus.done : ExitStatus.indeterminate;
}

/** Lines of one finding that are shown; JSON has all. */
const MAX_DETAILS = 20;
const MARKS = { yes: '[x]', no: '[ ]', unknown: '[?]' } as const;
const COLORS = { yes: 'green', no: 'red', unknown: 'yellow' } as const;

function formatReadiness({ outcome, from, to, releases, findings }: SiteReadiness): string {
  const count = (answer: SiteFinding['answer']) => findings.filter((one) => one.answer === answer).length;
  const left = [`${count('no')} missing`, `${count('unknown')} not known`].filter((text) => !text.startsWith('0 '));
  return [
    `${outcome}: ${from ?? 'a version not shown'} to ${to}${left.length === 0 ? '' : `; ${left.join(', ')}`}`,
    ...releases.map(({ versions, repository, digest }) => `  ${[...versions, `${repository}@${digest}`].join('  ')}`),
    ...findings.flatMap(formatFinding),
  ].join('\n');
}

function formatFinding({ check, answer, message, details, commands }: SiteFinding): readonly string[] {
  const line = `${MARKS[answer]} ${check.padEnd(17)}  ${message}`;
  const more = details.length - MAX_DETAILS;
  return [
    styleText(COLORS[answer], line, { stream: process.stdout }),
    ...details.slice(0, MAX_DETAILS).map((detail) => `      ${detail}`),
    ...(more > 0 ? [`      and ${more} more: -o json lists them`] : []),
    ...commands.map((command) => `      → ${command}`),
  ];
}

import { InputError } from '../../lib/base/errors/input-error.ts';
import {
  describeOutside,
  evaluateGraphs,
  type GraphJudgement,
  type GraphPolicy,
  type Payload,
  type RepositoryCount,
  type Standing,
} from '../../lib/mirror/graph/list-releases.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { builtInProfile } from '../../lib/trust/prepared/profiles.ts';
import { openGraphs } from '../open/releases.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputOptions, StoreOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface CheckGraphOptions extends OutputOptions, Omit<StoreOptions, 'store'> {
  readonly trust?: string;
  readonly profile?: string;
  readonly channel: readonly string[];
  readonly arch: readonly string[];
}

interface CheckedGraphs extends GraphJudgement {
  readonly profile: string;
  readonly canonicalRepositories: GraphPolicy['canonicalRepositories'];
  readonly graphs: readonly { readonly source: string; readonly nodes: number }[];
}

type GraphTrust = GraphPolicy & Pick<PreparedTrust, 'profile' | 'storeAccess'>;

/** Lines of one kind in a text; JSON has all. */
const MAX_SHOWN = 20;
const MAX_SHOWN_VERSIONS = 3;
const DEFAULT_PROFILE = 'ocp';

/** @returns the exit status */
export async function checkGraph(from: string, options: CheckGraphOptions, signal: AbortSignal): Promise<number> {
  const trust = await openGraphTrust(options);
  const graphs = await openGraphs([from], options, trust.storeAccess, signal);
  const { profile, canonicalRepositories } = trust;
  const judgement = evaluateGraphs(graphs, trust);
  const read = graphs.map(({ source, nodes }) => ({ source, nodes: nodes.length }));
  const checked: CheckedGraphs = { profile, canonicalRepositories, graphs: read, ...judgement };
  printResult(options.output, checked, formatChecked);
  return judgement.outside.length === 0 ? ExitStatus.done : ExitStatus.rejected;
}

async function openGraphTrust({ trust, profile }: CheckGraphOptions): Promise<GraphTrust> {
  if (trust !== undefined) {
    const { prepared } = await openTrust(profile === undefined ? { trust } : { trust, profile });
    return prepared;
  }
  const name = profile ?? DEFAULT_PROFILE;
  const builtIn = builtInProfile(name);
  if (builtIn === undefined) {
    const message = `there is no built-in profile ${JSON.stringify(name)}: say where its documents are with --trust`;
    throw new InputError('ProfileUnknown', message);
  }
  return { ...builtIn, profile: name, storeAccess: { allowPrivateAddresses: false, allowLocal: false } };
}

function formatChecked({ profile, canonicalRepositories, graphs, repositories, outside }: CheckedGraphs): string {
  const width = Math.max('REPOSITORY'.length, ...repositories.map(({ repository }) => repository.length));
  const lines = [
    `${count(graphs.length, 'graph')}, profile ${profile}`,
    ...formatSome(graphs, ({ source, nodes }) => `  ${source}: ${count(nodes, 'node')}`),
    `${'REPOSITORY'.padEnd(width)}  RELEASES  STANDING`,
    ...formatSome(repositories, (row) => formatRow(row, width)),
  ];
  if (outside.length > 0) {
    lines.push(`${count(outside.length, 'payload')} not in ${canonicalRepositories.join(', ')}:`);
    lines.push(...formatSome(outside, formatPayload));
    lines.push(describeOutside(outside, { canonicalRepositories }));
  }
  return lines.join('\n');
}

/** The first lines, and how many there are besides. */
function formatSome<T>(items: readonly T[], format: (item: T) => string): readonly string[] {
  const lines = items.slice(0, MAX_SHOWN).map(format);
  const rest = items.length - lines.length;
  return rest === 0 ? lines : [...lines, `  and ${rest} more (-o json lists all)`];
}

function formatRow({ repository, releases, standing }: RepositoryCount, width: number): string {
  return `${repository.padEnd(width)}  ${String(releases).padStart('RELEASES'.length)}  ${formatStanding(standing)}`;
}

function formatStanding(standing: Standing): string {
  switch (standing.kind) {
    case 'canonical':
      return 'canonical';
    case 'alias':
      return `alias of ${standing.canonicalRepository}, by the profile’s graphAliases`;
    case 'mirror':
      return `mirror of ${standing.canonicalRepository}, by the profile’s mirror sets`;
    case 'other':
      return 'not canonical';
    default:
      return 'unknown';
  }
}

function formatPayload({ versions, architectures, repository, digest }: Payload): string {
  const rest = versions.length > MAX_SHOWN_VERSIONS ? ', …' : '';
  const shown = `${versions.slice(0, MAX_SHOWN_VERSIONS).join(', ')}${rest}`;
  return `  ${[shown, architectures.join(', ')].filter((part) => part !== '').join(' ')}  ${repository}@${digest}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

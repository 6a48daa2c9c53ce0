import { styleText } from 'node:util';
import { InputError } from '../../lib/base/errors/input-error.ts';
import type { SurveyPolicy } from '../../lib/cluster/fleet/check-cluster.ts';
import type { ClusterOutcome, FleetSurvey, SurveyedCluster, SurveyFinding } from '../../lib/cluster/fleet/survey.ts';
import { surveyFleet } from '../../lib/cluster/fleet/survey-fleet.ts';
import { builtInProfile } from '../../lib/trust/prepared/profiles.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputOptions } from '../shell/options.ts';
import { countOf, formatTable, printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface FleetCheckOptions extends OutputOptions {
  readonly trust?: string;
  readonly profile?: string;
}

/** @returns the exit status: 1 when something would be refused, 3 when something is unknown */
export async function checkFleet(directory: string, options: FleetCheckOptions): Promise<number> {
  const survey = await surveyFleet(directory, await readPolicy(options));
  printResult(options.output, survey, formatSurvey);
  switch (survey.outcome) {
    case 'ready':
      return ExitStatus.done;
    case 'unknown':
      return ExitStatus.indeterminate;
    case 'refused':
      return ExitStatus.rejected;
    default:
      return ExitStatus.rejected;
  }
}

/** @throws InputError `ProfileUnknown` */
async function readPolicy({ trust, profile }: FleetCheckOptions): Promise<SurveyPolicy> {
  if (trust !== undefined) {
    const { prepared } = await openTrust({ trust, ...(profile === undefined ? {} : { profile }) });
    return { ...prepared, stores: prepared.stores.map(({ url }) => url) };
  }
  const name = profile ?? 'ocp';
  const builtIn = builtInProfile(name);
  if (builtIn === undefined) {
    throw new InputError('ProfileUnknown', `the profile ${name} is not built in: name its documents with --trust`);
  }
  return { profile: name, canonicalRepositories: builtIn.canonicalRepositories, force: 'allow', stores: undefined };
}

const HEADER = ['OUTCOME', 'CLUSTER', 'VERSION', 'PULLSPECS', 'STORES', 'FORCED'] as const;

function formatSurvey({ profile, canonicalRepositories, clusters, outcome }: FleetSurvey): string {
  const rows = clusters.map(({ cluster, version = '', pullspecs, stores, forced, outcome: one }) => [
    one,
    cluster,
    version,
    pullspecs,
    stores,
    forced === 0 ? '' : String(forced),
  ]);
  return [
    `profile ${profile}, canonical repositories ${canonicalRepositories.join(', ')}`,
    ...formatTable([HEADER, ...rows]),
    ...clusters.flatMap(formatFindings),
    '',
    `${toColor(outcome)}  ${countOutcomes(clusters)}`,
  ].join('\n');
}

function formatFindings({ cluster, findings }: SurveyedCluster): readonly string[] {
  if (findings.length === 0) return [];
  return ['', cluster, ...findings.flatMap(formatFinding)];
}

function formatFinding({ check, severity, where, message, remedy }: SurveyFinding): readonly string[] {
  const line = `  ${severity.padEnd(7)}  ${check.padEnd(16)}  ${where}: ${message}`;
  return remedy === undefined ? [line] : [line, `${' '.repeat(29)}→ ${remedy}`];
}

function countOutcomes(clusters: readonly SurveyedCluster[]): string {
  const count = (outcome: ClusterOutcome): number => clusters.filter((one) => one.outcome === outcome).length;
  return `${countOf(clusters.length, 'cluster')}: ${count('refused')} refused, ${count('unknown')} unknown, ${count('ready')} ready`;
}

function toColor(outcome: ClusterOutcome): string {
  const color = ({ ready: 'green', refused: 'red', unknown: 'yellow' } as const)[outcome];
  return styleText([color, 'bold'], outcome, { stream: process.stdout });
}

import { styleText } from 'node:util';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { surveyFleet } from '../../lib/cluster/fleet/survey-fleet.ts';
import type {
  ClusterOutcome,
  FleetSurvey,
  SurveyedCluster,
  SurveyFinding,
  SurveyPolicy,
} from '../../lib/cluster/fleet/survey.ts';
import { builtInProfile } from '../../lib/trust/prepared/profiles.ts';
import { isCovered } from '../../lib/verdict/decide/policies-at-name.ts';
import { openTrust } from '../open/trust.ts';
import type { Judgement } from '../shell/formats/judgement.ts';
import type { OutputOptions } from '../shell/options.ts';
import { countOf, formatTable, printResult, splitPrintable } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface FleetCheckOptions extends OutputOptions {
  readonly trust?: string;
  readonly profile?: string;
}

/** @returns the exit status: 1 when something would be refused, 3 when something is unknown */
export async function checkFleet(directory: string, options: FleetCheckOptions): Promise<number> {
  const survey = await surveyFleet(directory, await readPolicy(options));
  printResult(options.output, survey, formatSurvey, toJudgement);
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

const TO_OUTCOME = { ready: 'accepted', refused: 'rejected', unknown: 'indeterminate' } as const;

/** What refuses a cluster or is not shown decides; warnings and notes are told beside it. */
function toJudgement({ outcome, clusters, passedOver }: FleetSurvey): Judgement {
  const judged = clusters.map(({ cluster, outcome: one, findings }) => {
    const told = findings.map((finding) => ({
      isDecisive: one !== 'ready' && (finding.severity === 'refused' || finding.severity === 'unknown'),
      finding: { code: finding.check, message: `${finding.where}: ${finding.message}`, remedy: finding.remedy },
    }));
    return {
      name: cluster,
      outcome: TO_OUTCOME[one],
      findings: told.flatMap(({ isDecisive, finding }) => (isDecisive ? finding : [])),
      notes: told.flatMap(({ isDecisive, finding }) => (isDecisive ? [] : finding)),
    };
  });
  const notRead = passedOver.map(({ file, reason }) => ({
    name: file,
    outcome: TO_OUTCOME.unknown,
    findings: [{ code: 'files', message: reason }],
    notes: [],
  }));
  return { command: 'fleet check', outcome: TO_OUTCOME[outcome], judged: [...judged, ...notRead] };
}

/** @throws InputError `ProfileUnknown` */
async function readPolicy({ trust, profile }: FleetCheckOptions): Promise<SurveyPolicy> {
  if (trust !== undefined) {
    const { prepared } = await openTrust({ trust, ...(profile === undefined ? {} : { profile }) });
    const stores = prepared.stores.map(({ url }) => url);
    return { ...prepared, stores, covers: (image) => isCovered(prepared, image) };
  }
  const name = profile ?? 'ocp';
  const builtIn = builtInProfile(name);
  if (builtIn === undefined) {
    throw new InputError('ProfileUnknown', `the profile ${name} is not built in: name its documents with --trust`);
  }
  return { profile: name, canonicalRepositories: builtIn.canonicalRepositories, force: 'allow', stores: undefined };
}

const HEADER = ['OUTCOME', 'CLUSTER', 'VERSION', 'PULLSPECS', 'STORES', 'FORCED'] as const;

function formatSurvey({ profile, canonicalRepositories, clusters, passedOver, outcome }: FleetSurvey): string {
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
    ...(passedOver.length === 0 ? [] : ['', 'passed over']),
    ...passedOver.map(({ file, reason }) => `  ${file}: ${reason}`),
    '',
    `${toColor(outcome)}  ${countOutcomes(clusters)}`,
  ].join('\n');
}

function formatFindings({ cluster, findings }: SurveyedCluster): readonly string[] {
  if (findings.length === 0) return [];
  return ['', cluster, ...findings.flatMap(formatFinding)];
}

function formatFinding({ check, severity, where, message, remedy }: SurveyFinding): readonly string[] {
  // Operators write several risks as lines of one text.
  const [first = '', ...more] = splitPrintable(message);
  const lines = [`  ${severity.padEnd(7)}  ${check.padEnd(16)}  ${where}: ${first}`, ...more.map(indent)];
  return remedy === undefined ? lines : [...lines, indent(`→ ${remedy}`)];
}

function indent(text: string): string {
  return `${' '.repeat(29)}${text}`;
}

function countOutcomes(clusters: readonly SurveyedCluster[]): string {
  const count = (outcome: ClusterOutcome): number => clusters.filter((one) => one.outcome === outcome).length;
  return `${countOf(clusters.length, 'cluster')}: ${count('refused')} refused, ${count('unknown')} unknown, ${count('ready')} ready`;
}

function toColor(outcome: ClusterOutcome): string {
  const color = ({ ready: 'green', refused: 'red', unknown: 'yellow' } as const)[outcome];
  return styleText([color, 'bold'], outcome, { stream: process.stdout });
}

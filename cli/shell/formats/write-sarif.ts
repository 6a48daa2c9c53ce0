import { createHash } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Outcome, VERIFIER_VERSION } from '../../../lib/verdict/judge/verdict.ts';
import type { ResultWriter } from '../options.ts';
import { toPrintable } from '../output.ts';
import { toJudgementWriter } from './complete-judgement.ts';
import type { Judged, JudgedFinding, Judgement } from './judgement.ts';
import { REASON_HELP } from './reason-help.ts';

/**
 * A judgement as SARIF 2.1.0: a rule for each code, a result for each finding. What is not decided is an error as a
 * rejection is, because readers let warnings pass.
 */
export const writeSarif: ResultWriter = toJudgementWriter('sarif', (judgement: Judgement): string => {
  const { command, outcome, judged } = judgement;
  const codes = [
    ...new Set(judged.flatMap(({ findings, notes = [] }) => [...findings, ...notes].map(({ code }) => code))),
  ];
  const ruleIndex = new Map(codes.map((code, at) => [code, at]));
  const count = (one: Outcome): number => judged.filter((item) => item.outcome === one).length;
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'Signet', version: VERIFIER_VERSION.replace('signet/', ''), rules: codes.map(toRule) },
        },
        automationDetails: { id: `signet/${command.replaceAll(' ', '-')}/` },
        columnKind: 'utf16CodeUnits',
        invocations: [{ executionSuccessful: outcome !== 'indeterminate' }],
        results: judged.flatMap((one) => toResults(one, command, ruleIndex)),
        properties: {
          outcome,
          accepted: count('accepted'),
          rejected: count('rejected'),
          indeterminate: count('indeterminate'),
        },
      },
    ],
  };
  return JSON.stringify(log, null, 2);
});

function toRule(code: string): object {
  const { meaning, remedy } = findHelp(code);
  return {
    id: toPrintable(code),
    shortDescription: { text: meaning },
    help: { text: remedy },
    defaultConfiguration: { level: 'error' },
  };
}

function findHelp(code: string): { readonly meaning: string; readonly remedy: string } {
  const own = Object.entries(REASON_HELP).find(([name]) => name === code)?.[1];
  return own ?? { meaning: `the check ${toPrintable(code)}`, remedy: 'see the message of the result' };
}

function toResults(one: Judged, command: string, ruleIndex: ReadonlyMap<string, number>): readonly object[] {
  const toResult = (finding: JudgedFinding, level: 'error' | 'note'): object => {
    const remedy = finding.remedy === undefined ? '' : `. What to do: ${finding.remedy}`;
    return {
      ruleId: toPrintable(finding.code),
      ruleIndex: ruleIndex.get(finding.code) ?? -1,
      level,
      message: {
        text: [`${one.name}: ${finding.message}${remedy}`, ...(finding.details ?? [])].map(toMessage).join('\n'),
      },
      locations: [toLocation(one)],
      partialFingerprints: { 'signetJudged/v1': toFingerprint(command, one.name, finding.code, finding.message) },
      properties: { outcome: one.outcome },
    };
  };
  return [
    ...one.findings.map((finding) => toResult(finding, 'error')),
    ...(one.notes ?? []).map((finding) => toResult(finding, 'note')),
  ];
}

function toLocation({ name, file, line }: Judged): object {
  const logicalLocations = [{ fullyQualifiedName: toPrintable(name), kind: 'resource' }];
  if (file === undefined || file === '-') return { logicalLocations };
  const region = line === undefined ? {} : { region: { startLine: line } };
  return { physicalLocation: { artifactLocation: { uri: toUri(file) }, ...region }, logicalLocations };
}

/** Relative where it is below the current folder, as readers of a checkout want it. */
function toUri(file: string): string {
  const relative = path.relative('', file);
  const isBelow =
    relative !== '' && relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
  if (!isBelow) return pathToFileURL(file).href;
  return relative
    .split(path.sep)
    .map((name) => encodeURIComponent(name.toWellFormed()))
    .join('/');
}

/** A message of a stranger makes no link and no placeholder, which SARIF has in its texts (sections 3.11.5 and 3.11.6). */
function toMessage(untrusted: string): string {
  return toPrintable(untrusted)
    .toWellFormed()
    .replaceAll(/[\\[\]]/g, '\\$&')
    .replaceAll('{', '{{')
    .replaceAll('}', '}}');
}

/** The same for the same finding of another day, so that a reader does not show it anew. */
function toFingerprint(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

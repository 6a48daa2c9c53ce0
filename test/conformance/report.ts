import type { CaseResult } from './run-vectors.ts';

interface Row {
  readonly area: string;
  readonly kind: string;
  readonly passed: number;
  readonly failed: number;
  readonly unsupported: number;
}

export interface Report {
  readonly rows: readonly Row[];
  readonly failures: readonly CaseResult[];
  readonly passed: number;
  readonly failed: number;
  readonly unsupported: number;
}

export function toReport(results: readonly CaseResult[]): Report {
  const groups = Map.groupBy(results, ({ area, kind }) => JSON.stringify([area, kind]));
  const rows = [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ area: first.area, kind: first.kind, ...count(group) }];
  });
  return { rows, failures: results.filter(({ status }) => status === 'failed'), ...count(results) };
}

/** Whether all ran that has to, and passed. Nothing that ran is no success. */
export function isGood({ passed, failed, unsupported }: Report, allowsUnsupported: boolean): boolean {
  return failed === 0 && passed > 0 && (unsupported === 0 || allowsUnsupported);
}

function count(results: readonly CaseResult[]): { passed: number; failed: number; unsupported: number } {
  const of = (status: CaseResult['status']): number => results.filter((result) => result.status === status).length;
  return { passed: of('passed'), failed: of('failed'), unsupported: of('unsupported') };
}

export function formatReport({ rows, failures, passed, failed, unsupported }: Report): string {
  const lines = [
    'area         kind                        passed  failed  unsupported',
    ...rows.map(
      (row) =>
        `${row.area.padEnd(12)} ${row.kind.padEnd(26)} ${pad(row.passed, 7)} ${pad(row.failed, 7)} ${pad(row.unsupported, 12)}`,
    ),
    '',
    ...failures.map(({ area, kind, name, detail }) => `FAILED ${area} ${kind} ${name}: ${detail ?? ''}`),
    `${passed} passed, ${failed} failed, ${unsupported} unsupported`,
  ];
  return lines.join('\n');
}

function pad(value: number, width: number): string {
  return String(value).padStart(width);
}

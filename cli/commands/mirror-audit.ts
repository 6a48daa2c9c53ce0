import { type ReadyTrust, toReadyTrust } from '../../lib/decide/ready-trust.ts';
import type { QuarantinedSignature } from '../../lib/mirror/audit-digest.ts';
import { type AuditedMirror, auditMirror } from '../../lib/mirror/audit-mirror.ts';
import { addForeignKeys, type ForeignKeys } from '../../lib/mirror/foreign-keys.ts';
import { openObjectStore } from '../../lib/objects/open-object-store.ts';
import { withLease } from '../../lib/reverify/with-lease.ts';
import { prepareTrust } from '../../lib/trust/prepare-trust.ts';
import { readTrustDirectory } from '../../lib/trust/read-trust-directory.ts';
import { ExitStatus } from '../exit-status.ts';
import type { OutputOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { createProgress } from '../progress.ts';

export interface AuditOptions extends OutputOptions {
  readonly trust: string;
  readonly to: string;
}

export interface PruneOptions extends AuditOptions {
  readonly dryRun?: boolean;
}

interface Summary extends Omit<AuditedMirror, 'outcome' | 'next'> {
  readonly outcome: 'audited' | 'indeterminate' | 'skipped';
  readonly reasons: readonly string[];
  readonly dryRun: boolean;
}

/** Digests of one step. */
const STEP = 500;
const NOTHING: ForeignKeys = { count: 0, keys: [] };

/** Looks and changes nothing. @returns the exit status: 1 when something would be taken out */
export async function auditMirrored(options: AuditOptions): Promise<number> {
  const summary = await audit(options, true);
  return summary.outcome === 'audited' && summary.quarantined.length > 0 ? ExitStatus.rejected : toStatus(summary);
}

/** Takes out what no profile verifies, and closes gaps. @returns the exit status */
export async function pruneMirrored(options: PruneOptions): Promise<number> {
  return toStatus(await audit(options, options.dryRun === true));
}

async function audit(options: AuditOptions, dryRun: boolean): Promise<Summary> {
  const objects = await openObjectStore(options.to);
  const trusts = await readTrusts(options.trust);
  const signal = new AbortController().signal;
  const progress = createProgress('digests audited');
  let summary: Summary = {
    outcome: 'audited',
    reasons: [],
    dryRun,
    audited: 0,
    held: 0,
    quarantined: [],
    duplicates: 0,
    gapsClosed: 0,
    foreign: NOTHING,
    unreadable: [],
  };
  let after: string | undefined;
  const step = async (): Promise<boolean> => {
    const part = await auditMirror({ objects, trusts, now: new Date(), signal, after, limit: STEP, dryRun });
    if (part.outcome !== 'audited') {
      summary = { ...summary, outcome: part.outcome, reasons: part.reasons.map(({ message }) => message) };
      return false;
    }
    summary = add(summary, part);
    progress.show(summary.audited);
    after = part.next;
    return after !== undefined;
  };
  if (dryRun) while (await step());
  else await withLease(objects, () => new Date(), step);
  progress.end();
  printResult(options.output, summary, formatSummary);
  return summary;
}

/** All of them: a signature stays while any profile verifies it. */
async function readTrusts(directory: string): Promise<readonly ReadyTrust[]> {
  const trusts: ReadyTrust[] = [];
  for (const { profile, documents } of await readTrustDirectory(directory)) {
    trusts.push(toReadyTrust(await prepareTrust(profile, documents), new Date()));
  }
  return trusts;
}

function add(summary: Summary, part: AuditedMirror): Summary {
  return {
    ...summary,
    audited: summary.audited + part.audited,
    held: summary.held + part.held,
    quarantined: [...summary.quarantined, ...part.quarantined],
    duplicates: summary.duplicates + part.duplicates,
    gapsClosed: summary.gapsClosed + part.gapsClosed,
    foreign: addForeignKeys(summary.foreign, part.foreign),
    unreadable: [...summary.unreadable, ...part.unreadable],
  };
}

function toStatus({ outcome }: Summary): number {
  return outcome === 'indeterminate' ? ExitStatus.indeterminate : ExitStatus.done;
}

function formatSummary(summary: Summary): string {
  const { outcome, reasons, dryRun, audited, held, quarantined, duplicates, gapsClosed, foreign, unreadable } = summary;
  if (outcome !== 'audited') return [`${outcome}: nothing was touched`, ...reasons.map((one) => `  ${one}`)].join('\n');
  const verb = dryRun ? 'would be quarantined' : 'quarantined';
  return [
    `${audited} digests, ${held} signatures that verify, ${quarantined.length} ${verb}`,
    ...quarantined.map((one) => formatQuarantined(one)),
    ...formatCount('held twice', duplicates),
    ...formatCount(dryRun ? 'gaps' : 'gaps closed', gapsClosed),
    ...formatCount('other keys, left alone', foreign.count),
    ...foreign.keys.map((key) => `    ${key}`),
    ...unreadable.map((key) => `  too long to be read, left alone: ${key}`),
  ].join('\n');
}

function formatQuarantined({ location, quarantinedAs, codes }: QuarantinedSignature): string {
  return `  ${location}  ${codes.join(', ')}  → ${quarantinedAs}`;
}

function formatCount(what: string, count: number): readonly string[] {
  return count === 0 ? [] : [`  ${what}: ${count}`];
}

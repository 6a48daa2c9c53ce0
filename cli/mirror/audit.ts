import { InputError } from '../../lib/base/errors/input-error.ts';
import type { QuarantinedSignature } from '../../lib/mirror/audit/audit-digest.ts';
import { type AuditedMirror, auditMirror } from '../../lib/mirror/audit/audit-mirror.ts';
import { addForeignKeys, type ForeignKeys } from '../../lib/mirror/audit/list-mirrored-digests.ts';
import { readSweep, type SweepState, withLease } from '../../lib/push/reverify/sweep-state.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { readTrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import { type ReadyTrust, toReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { openSource } from '../open/stores.ts';
import type { OutputOptions } from '../shell/options.ts';
import { countOf, formatCount, printResult } from '../shell/output.ts';
import { createProgress } from '../shell/progress.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface AuditOptions extends OutputOptions {
  readonly trust: string;
  readonly to: string;
  readonly otherTrust?: boolean;
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
const STEP = 100;
/** Digests that were not audited of which the text says why: it may be all of them. */
const MAX_SHOWN = 10;
const NOTHING: ForeignKeys = { count: 0, keys: [] };

/** Looks and changes nothing. @returns the exit status: 1 when a prune would change something, or something was not read */
export async function auditMirrored(options: AuditOptions, signal: AbortSignal): Promise<number> {
  const summary = await audit(options, true, signal);
  const { outcome, quarantined, duplicates, gapsClosed, unreadable } = summary;
  const isWhole = quarantined.length + duplicates + gapsClosed + unreadable.length === 0;
  return outcome === 'audited' && !isWhole ? ExitStatus.rejected : toStatus(summary);
}

/** Takes out what no profile verifies, and closes gaps. @returns the exit status */
export async function pruneMirrored(options: PruneOptions, signal: AbortSignal): Promise<number> {
  return toStatus(await audit(options, options.dryRun === true, signal));
}

async function audit(options: AuditOptions, dryRun: boolean, signal: AbortSignal): Promise<Summary> {
  const objects = await openSource(options.to);
  const trusts = await readTrusts(options.trust);
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
    unaudited: [],
  };
  let after: string | undefined;
  const step = async (until: AbortSignal): Promise<boolean> => {
    const part = await auditMirror({ objects, trusts, now: new Date(), signal: until, after, limit: STEP, dryRun });
    if (part.outcome !== 'audited') {
      summary = { ...summary, outcome: part.outcome, reasons: part.reasons.map(({ message }) => message) };
      return false;
    }
    summary = add(summary, part);
    progress.show(summary.audited);
    after = part.next;
    return after !== undefined;
  };
  if (dryRun) while (await step(signal));
  else {
    if (options.otherTrust !== true) requireSameTrust(trusts, (await readSweep(objects))?.state);
    await withLease(
      objects,
      () => new Date(),
      (leased) => step(AbortSignal.any([signal, leased])),
    );
  }
  progress.end();
  signal.throwIfAborted();
  printResult(options.output, summary, formatSummary);
  return summary;
}

/**
 * The trust of the last sweep by the service is the trust of this mirror: other trust, an old copy of it or one that lacks a
 * profile would take out what is good. @throws InputError
 */
function requireSameTrust(trusts: readonly ReadyTrust[], swept: SweepState | undefined): void {
  const given = new Map(trusts.map(({ prepared }) => [prepared.profile, prepared.revision]));
  const other = Object.entries(swept?.revisions ?? {}).find(([profile, revision]) => given.get(profile) !== revision);
  if (other === undefined) return;
  const [profile, revision] = other;
  const found = given.get(profile) ?? 'none';
  throw new InputError(
    'ArgumentInvalid',
    `--trust has revision ${found} of the profile ${profile}, and the service uses ${revision}: publish it first, or pass --other-trust`,
  );
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
    unaudited: [...summary.unaudited, ...part.unaudited],
  };
}

function toStatus({ outcome, unaudited }: Summary): number {
  return outcome === 'indeterminate' || unaudited.length > 0 ? ExitStatus.indeterminate : ExitStatus.done;
}

function formatSummary(summary: Summary): string {
  const {
    outcome,
    reasons,
    dryRun,
    audited,
    held,
    quarantined,
    duplicates,
    gapsClosed,
    foreign,
    unreadable,
    unaudited,
  } = summary;
  if (outcome !== 'audited') return [`${outcome}: nothing was changed`, ...reasons.map((one) => `  ${one}`)].join('\n');
  const verb = dryRun ? 'would be quarantined' : 'quarantined';
  return [
    `${countOf(audited, 'digest')}, ${countOf(held, 'signature')} that ${held === 1 ? 'verifies' : 'verify'}, ${quarantined.length} ${verb}`,
    ...quarantined.map((one) => formatQuarantined(one)),
    ...formatCount('held twice', duplicates),
    ...formatCount(dryRun ? 'gaps' : 'gaps closed', gapsClosed),
    ...formatCount('other keys, unchanged', foreign.count),
    ...foreign.keys.map((key) => `    ${key}`),
    ...unreadable.map((key) => `  too long to be read, unchanged: ${key}`),
    ...formatCount('digests that could not be audited, unchanged', unaudited.length),
    ...unaudited.slice(0, MAX_SHOWN).map(({ digest, reason }) => `    ${digest}: ${reason}`),
  ].join('\n');
}

function formatQuarantined({ location, quarantinedAs, codes }: QuarantinedSignature): string {
  return `  ${location}  ${codes.join(', ')}  → ${quarantinedAs}`;
}

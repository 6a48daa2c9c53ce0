import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { untilAborted } from '../../lib/platform/time/deadline.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { loadRevision } from '../../lib/trust/source/load-trust.ts';
import { parseRecord } from '../../lib/verdict/records/parse-record.ts';
import { type Recheck, recheckRecord } from '../../lib/verdict/records/recheck-record.ts';
import { MAX_RECORD_BYTES, type VerdictRecord } from '../../lib/verdict/records/verdict-record.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RecordVerifyOptions extends OutputOptions {
  readonly trust?: string;
  readonly objects?: string;
}

/** @returns the exit status */
export async function verifyRecord(file: string, options: RecordVerifyOptions, signal: AbortSignal): Promise<number> {
  const record = await readRecordFile(file);
  const recheck = await recheckRecord(record, await untilAborted(readTrust(record, options), signal));
  printResult(options.output, { id: record.id, ...recheck }, formatRecheck);
  return recheck.outcome === 'confirmed' ? ExitStatus.accepted : ExitStatus.rejected;
}

async function readRecordFile(file: string): Promise<VerdictRecord> {
  const bytes = await readInput(file, MAX_RECORD_BYTES);
  try {
    return parseRecord(file, bytes);
  } catch (cause) {
    // What is broken here is the caller's file, not a store.
    if (cause instanceof StoreError) throw new InputError('FileUnreadable', cause.message, { cause });
    throw cause;
  }
}

/** Documents are compiled anew; an object store is trusted to hold what was published. */
async function readTrust({ verdict }: VerdictRecord, { trust, objects }: RecordVerifyOptions): Promise<PreparedTrust> {
  const { profile, trustRevision } = verdict;
  if (objects !== undefined) return loadRevision(await openObjectStore(objects), profile, trustRevision);
  if (trust !== undefined) return (await openTrust({ trust, profile })).prepared;
  throw new InputError('ArgumentInvalid', 'name the trust with --trust or --objects');
}

function formatRecheck({ id, outcome, differences, takenAsRecorded }: Recheck & { readonly id: string }): string {
  return [
    `${outcome}  ${id}`,
    ...differences.map((difference) => `  differs   ${difference}`),
    ...takenAsRecorded.map((believed) => `  believed  ${believed}`),
  ].join('\n');
}

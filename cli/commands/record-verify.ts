import { InputError } from '../../lib/errors/input-error.ts';
import { StoreError } from '../../lib/errors/store-error.ts';
import { openObjectStore } from '../../lib/objects/open-object-store.ts';
import { parseRecord } from '../../lib/records/parse-record.ts';
import { type Recheck, recheckRecord } from '../../lib/records/recheck-record.ts';
import { MAX_RECORD_BYTES, type VerdictRecord } from '../../lib/records/verdict-record.ts';
import { loadRevision } from '../../lib/trust/load-trust.ts';
import type { PreparedTrust } from '../../lib/trust/prepared-trust.ts';
import { ExitStatus } from '../exit-status.ts';
import { openTrust } from '../open-trust.ts';
import type { OutputOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { readInput } from '../read-input.ts';

export interface RecordVerifyOptions extends OutputOptions {
  readonly trust?: string;
  readonly objects?: string;
}

/** @returns the exit status */
export async function verifyRecord(file: string, options: RecordVerifyOptions): Promise<number> {
  const record = await readRecordFile(file);
  const recheck = await recheckRecord(record, await readTrust(record, options));
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
  throw new InputError('ArgumentInvalid', 'say by which trust to check: --trust or --objects');
}

function formatRecheck({ id, outcome, differences, takenAsRecorded }: Recheck & { readonly id: string }): string {
  return [
    `${outcome}  ${id}`,
    ...differences.map((difference) => `  differs   ${difference}`),
    ...takenAsRecorded.map((believed) => `  believed  ${believed}`),
  ].join('\n');
}

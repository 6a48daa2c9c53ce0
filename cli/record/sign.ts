import path from 'node:path';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { readAwsSettings } from '../../lib/platform/lambda/environment.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { MAX_SECRET_BYTES } from '../../lib/platform/secrets/secret-source.ts';
import { openSigner } from '../../lib/platform/signing/open-signer.ts';
import type { Signer } from '../../lib/platform/signing/signer.ts';
import { untilAborted } from '../../lib/platform/time/deadline.ts';
import { attestationKey, attestRecord } from '../../lib/verdict/attest/attest-record.ts';
import { type AttestationForm, findAttestFault } from '../../lib/verdict/attest/statement.ts';
import { MAX_RECORD_BYTES, recordKey, type VerdictRecord } from '../../lib/verdict/records/verdict-record.ts';
import type { OutputOptions } from '../shell/options.ts';
import { countOf, printResult } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { ATTESTATION_END, type FoundRecord, readRecordsIn } from './places.ts';
import { isStore, openTrusts, parseRecordFile, type RecordVerifyOptions, tryRecheck } from './verify.ts';

export interface RecordSignOptions extends OutputOptions, Pick<RecordVerifyOptions, 'trust' | 'objects'> {
  /** A PEM file, or the ARN of a key of KMS. */
  readonly signKey: string;
  readonly form: AttestationForm;
}

interface Summary {
  readonly signed: readonly { readonly id: string; readonly key: string; readonly result: string }[];
  /** Records that are attested for nobody, such as rejections. */
  readonly leftOut: readonly { readonly id: string; readonly why: string }[];
  /** What its own evidence does not confirm, or cannot be read; and where something else is in the way. */
  readonly refused: readonly { readonly key: string; readonly fault: string }[];
}

/** @returns the exit status */
export async function signRecords(place: string, options: RecordSignOptions, signal: AbortSignal): Promise<number> {
  const isWhole = await isStore(place);
  const named = options.trust === undefined && options.objects === undefined;
  if (named && !isWhole) throw new InputError('ArgumentInvalid', 'name the trust with --trust or --objects');
  const trust = named ? { objects: place } : options;
  // A file that is not there is a wrong call, and no store to be asked again.
  if (!options.signKey.startsWith('arn:')) await readInput(options.signKey, MAX_SECRET_BYTES);
  const signer = await openSigner(options.signKey, () => readAwsSettings(process.env));
  const folder = isWhole ? place : path.dirname(path.resolve(place));
  const found = isWhole ? readRecordsIn(place) : readNamed(place);
  const summary = await untilAborted(signAll(folder, found, { ...options, ...trust }, signer), signal);
  printResult(options.output, summary, formatSummary);
  const isDone = summary.refused.length === 0 && (isWhole || summary.leftOut.length === 0);
  return isDone ? ExitStatus.accepted : ExitStatus.rejected;
}

/** One file, and nothing else of its folder. @throws InputError `FileUnreadable` */
async function* readNamed(file: string): AsyncGenerator<FoundRecord> {
  const key = path.basename(file);
  if (!key.endsWith('.json') || key.endsWith(ATTESTATION_END)) {
    throw new InputError('FileUnreadable', `${file} is not a record: its name has to end in .json`);
  }
  const bytes = await readInput(file, MAX_RECORD_BYTES);
  yield { key, record: parseRecordFile(file, bytes), bytes };
}

async function signAll(
  folder: string,
  found: AsyncIterable<FoundRecord>,
  options: RecordSignOptions,
  signer: Signer,
): Promise<Summary> {
  const { form } = options;
  const objects = await openObjectStore(folder);
  const readTrust = openTrusts(options);
  const signed: Summary['signed'][number][] = [];
  const leftOut: Summary['leftOut'][number][] = [];
  const refused: Summary['refused'][number][] = [];
  for await (const { key, record, fault = 'it is not a record', ...rest } of found) {
    const bytes = 'bytes' in rest ? rest.bytes : undefined;
    if (record === undefined || bytes === undefined) {
      refused.push({ key, fault });
      continue;
    }
    const why = findAttestFault(record);
    if (why !== undefined) {
      leftOut.push({ id: record.id, why });
      continue;
    }
    const at = toPlace(key, record, form);
    const result = await attestRecord({
      objects,
      key: at,
      stored: { record, bytes },
      form,
      signer,
      findFault: async () => {
        const recheck = await tryRecheck(record, readTrust);
        if (typeof recheck === 'string') return recheck;
        return recheck.outcome === 'confirmed' ? undefined : (recheck.differences[0] ?? 'it differs');
      },
    });
    if (result.kind === 'refused' || result.kind === 'obstructed') refused.push({ key, fault: result.fault });
    else signed.push({ id: record.id, key: at, result: result.kind });
  }
  return { signed, leftOut, refused };
}

/** Of a stored record, the place where the service has it; of a file, beside it. */
function toPlace(key: string, { id }: VerdictRecord, form: AttestationForm): string {
  if (key === recordKey(id)) return attestationKey(id, form);
  return `${key.slice(0, -'.json'.length)}.${form}${ATTESTATION_END}`;
}

function formatSummary({ signed, leftOut, refused }: Summary): string {
  return [
    ...signed.map(({ id, key, result }) => `${result}  ${id}  ${key}`),
    ...leftOut.map(({ id, why }) => `left out  ${id}: ${why}`),
    ...refused.map(({ key, fault }) => `refused  ${key}: ${fault}`),
    `${countOf(signed.length, 'record')} attested, ${leftOut.length} left out, ${refused.length} refused`,
  ].join('\n');
}

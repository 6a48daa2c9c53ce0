import type { KeyObject } from 'node:crypto';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { SignatureError } from '../../lib/base/errors/signature-error.ts';
import { isDigest } from '../../lib/base/names/digest.ts';
import { attachAttestation, toBundle } from '../../lib/mirror/sigstore/attach-attestation.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { untilAborted } from '../../lib/platform/time/deadline.ts';
import { MAX_ATTESTATION_BYTES, openAttestation, readAttestation } from '../../lib/verdict/attest/attest-record.ts';
import type { AttestationForm } from '../../lib/verdict/attest/statement.ts';
import { isRecordId } from '../../lib/verdict/records/verdict-record.ts';
import { readPublicKey } from '../open/keys.ts';
import { type MirrorRegistryOptions, openMirrorRegistry, parseRegistryRepository } from '../open/registries.ts';
import { print, toPrintable } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';
import { fetchBytes, isApi } from './api.ts';

export interface RecordAttestOptions extends MirrorRegistryOptions {
  readonly from?: string;
  readonly form: AttestationForm;
  readonly key?: string;
  readonly as: 'dsse' | 'bundle' | 'statement';
  /** The repository of a registry. */
  readonly attach?: string;
}

/** Prints the attestation of a record, or puts it beside its image. @returns the exit status */
export async function attest(record: string, options: RecordAttestOptions, signal: AbortSignal): Promise<number> {
  const envelope = await untilAborted(readEnvelope(record, options), signal);
  if (envelope === undefined) return refuse(`there is no attestation of the record ${record} yet`);
  const key = options.key === undefined ? undefined : await readPublicKey(options.key);
  try {
    const attested = openAttestation(envelope, key === undefined ? undefined : [key]);
    // Whoever may write there could have put another one in its place.
    if (isRecordId(record) && attested.recordId !== record) {
      return refuse(`what is stored for ${record} is of the record ${attested.recordId}`);
    }
    if (isRecordId(record) && attested.form !== options.form) {
      return refuse(`what is stored for ${record} is a ${attested.predicateType}`);
    }
    if (options.attach !== undefined) return await attach(envelope, { ...attested, key }, options, signal);
    print(format(envelope, attested.payload, { ...options, publicKey: key }));
    return ExitStatus.accepted;
  } catch (error) {
    if (error instanceof SignatureError) return refuse(`${error.code}: ${error.message}`);
    throw error;
  }
}

function refuse(why: string): number {
  process.stderr.write(`signet: ${toPrintable(why)}\n`);
  return ExitStatus.rejected;
}

/** Undefined where there is none. */
async function readEnvelope(record: string, { from, form }: RecordAttestOptions): Promise<Uint8Array | undefined> {
  if (!isRecordId(record)) {
    if (from !== undefined) {
      throw new InputError(
        'ArgumentInvalid',
        `${JSON.stringify(record)} is no id of a record: 64 lower-case hex digits, as record list -o json has them`,
      );
    }
    return await readInput(record, MAX_ATTESTATION_BYTES);
  }
  if (from === undefined) throw new InputError('ArgumentInvalid', 'name where the record is with --from');
  if (isApi(from)) return await fetchBytes(from, `/v1/records/${record}/attestation`, { form });
  return await readAttestation(await openObjectStore(from), record, form);
}

function requireKey(key: KeyObject | undefined, what: string): KeyObject {
  if (key !== undefined) return key;
  throw new InputError('ArgumentInvalid', `${what} needs --key, by which the attestation is verified before`);
}

function format(
  envelope: Uint8Array,
  payload: Buffer,
  { as, publicKey }: Pick<RecordAttestOptions, 'as'> & { readonly publicKey: KeyObject | undefined },
): string {
  switch (as) {
    case 'dsse':
      return Buffer.from(envelope).toString('utf8').trimEnd();
    case 'bundle':
      return toBundle({ envelope, key: requireKey(publicKey, '--as bundle') }).toString('utf8');
    case 'statement':
      return JSON.stringify(JSON.parse(payload.toString('utf8')), null, 2);
    default:
      return as satisfies never;
  }
}

async function attach(
  envelope: Uint8Array,
  attested: {
    readonly predicateType: string;
    readonly digests: readonly string[];
    readonly key: KeyObject | undefined;
  },
  options: RecordAttestOptions,
  signal: AbortSignal,
): Promise<number> {
  const { predicateType, digests } = attested;
  const key = requireKey(attested.key, '--attach');
  const place = parseRegistryRepository(options.attach ?? '');
  const [digest = ''] = digests;
  if (!isDigest(digest)) throw new SignatureError('PayloadInvalid', 'the attestation names no image');
  const { client, pusher, close } = await openMirrorRegistry([place], options);
  try {
    const destination = { reader: client, pusher };
    const outcome = await attachAttestation({ envelope, predicateType, key }, { place, digest }, destination, signal);
    print(`${outcome}  ${place}@${digest}  ${predicateType}`);
    return ExitStatus.accepted;
  } finally {
    close();
  }
}

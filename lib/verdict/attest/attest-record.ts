import type { KeyObject } from 'node:crypto';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { parseEnvelope, type Signable, signEnvelope, verifyEnvelope } from '../../crypto/attestation/envelope.ts';
import { createJsonReader } from '../../crypto/json-reader.ts';
import { parseStatement, STATEMENT_TYPE } from '../../crypto/sigstore/statement.ts';
import type { ObjectStore, StoredObject } from '../../platform/objects/port/object-store.ts';
import type { Signer } from '../../platform/signing/signer.ts';
import { isUnreadable } from '../records/read-records.ts';
import { type AttestationForm, PREDICATES, RECORD_MEMBER, type StoredBytes, toStatement } from './statement.ts';

/** Bytes of an attestation; one has about 1,500. */
export const MAX_ATTESTATION_BYTES = 64 * 1024;

/** Where the attestation of a record is. The record stays as it is. */
export function attestationKey(id: string, form: AttestationForm): string {
  return `attestations/${id}/${form}.dsse.json`;
}

/** `held`: it was there, by this key. `replaced`: something else was, such as one by another key. */
export type AttestResult = { readonly kind: 'signed' | 'held' | 'replaced' } | Refusal;

/** Nothing was signed, and why. `obstructed`: not because of the record, but of what is where its attestation belongs. */
interface Refusal {
  readonly kind: 'refused' | 'obstructed';
  readonly fault: string;
}

/** What is signed, by which key, and where it is stored. */
export interface AttestRequest {
  readonly objects: ObjectStore;
  readonly key: string;
  readonly stored: StoredBytes;
  readonly form: AttestationForm;
  readonly signer: Signer;
  /** Why the record's own evidence does not confirm it; undefined if it does. Whoever reads a signature looks no further. */
  readonly findFault: () => Promise<string | undefined>;
}

/**
 * Signs what a record says of its image, once its evidence confirms it, and stores that beside the record.
 *
 * @throws StoreError; TypeError for a record that `findAttestFault` refuses
 */
export async function attestRecord(request: AttestRequest): Promise<AttestResult> {
  const { objects, key, stored, form, signer, findFault } = request;
  const statement = toStatement(stored, form);
  const found = await readFound(objects, key);
  if (typeof found === 'string') return { kind: 'obstructed', fault: found };
  if (found !== undefined && isOf(found.bytes, statement, signer.publicKey)) return { kind: 'held' };
  const fault = await findFault();
  if (fault !== undefined) return { kind: 'refused', fault };
  const bytes = new TextEncoder().encode(`${await signEnvelope(statement, signer.sign)}\n`);
  if (await objects.replaceObject(key, bytes, found?.etag))
    return { kind: found === undefined ? 'signed' : 'replaced' };
  const other = await readFound(objects, key);
  if (typeof other === 'object' && isOf(other.bytes, statement, signer.publicKey)) return { kind: 'held' };
  return { kind: 'obstructed', fault: `${key} is written by somebody else at the same time` };
}

function isOf(bytes: Uint8Array, { payload }: Signable, key: KeyObject): boolean {
  try {
    return verifyEnvelope(bytes, STATEMENT_TYPE, [key]).payload.equals(payload);
  } catch (error) {
    if (error instanceof SignatureError) return false;
    throw error;
  }
}

/** The attestation of a record as it is stored: nothing in it is proven. @throws StoreError */
export async function readAttestation(
  objects: ObjectStore,
  id: string,
  form: AttestationForm,
): Promise<Uint8Array | undefined> {
  return (await objects.readObject(attestationKey(id, form), MAX_ATTESTATION_BYTES))?.bytes;
}

/** What is there; or why it cannot be read, and nothing can be put in its place: that is of this record alone. */
async function readFound(objects: ObjectStore, key: string): Promise<StoredObject | string | undefined> {
  try {
    return await objects.readObject(key, MAX_ATTESTATION_BYTES);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return `${key} is in the way: ${error.message}`;
  }
}

/** What an attestation says, once its signature is verified. */
export interface Attested {
  readonly form: AttestationForm;
  readonly predicateType: string;
  readonly digests: readonly string[];
  /** The record that it is of. */
  readonly recordId: string;
  readonly payload: Buffer;
}

const json = createJsonReader('the attestation', 'PayloadInvalid');

/**
 * Reads an attestation of Signet's; by the keys it is verified, without any it is only read.
 *
 * @throws SignatureError
 */
export function openAttestation(untrusted: Uint8Array, keys: readonly KeyObject[] | undefined): Attested {
  const { payload } = keys === undefined ? parseEnvelope(untrusted) : verifyEnvelope(untrusted, STATEMENT_TYPE, keys);
  const { predicateType, digests } = parseStatement(payload);
  const form = predicateType === PREDICATES.svr ? 'svr' : 'vsa';
  if (predicateType !== PREDICATES[form]) throw json.invalid(`it is a ${predicateType}, which Signet does not write`);
  const { predicate } = json.members('it', json.parse(payload), undefined);
  const reference = json.members(
    RECORD_MEMBER,
    json.members('predicate', predicate, undefined)[RECORD_MEMBER],
    undefined,
  );
  return { form, predicateType, digests, recordId: json.text('id', reference['id']), payload };
}

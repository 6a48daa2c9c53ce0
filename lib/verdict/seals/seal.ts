import type { KeyObject } from 'node:crypto';
import * as v from 'valibot';
import { isJsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../base/documents/parse-strict-json.ts';
import { formatPlaces } from '../../base/documents/schema.ts';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { parseEnvelope, signEnvelope, verifyEnvelope } from '../../crypto/attestation/envelope.ts';
import { toMerkleRoot } from '../../crypto/attestation/merkle-tree.ts';
import type { Signer } from '../../platform/signing/signer.ts';

/** A record as a seal has it. */
export interface SealedRecord {
  /** When its decision was made: UTC. Before the seal's own day, it came late. */
  readonly day: string;
  readonly id: string;
  /** Of the bytes as they are stored. */
  readonly sha256: string;
}

/** What is signed of a page: all else follows from its root. */
interface SealHeader {
  readonly schema: 1;
  readonly day: string;
  /** A day with more records than a page takes has several, from 1. */
  readonly page: number;
  /** Whether the day is whole with it. */
  readonly isLast: boolean;
  /** Records of the page. */
  readonly records: number;
  /** Merkle tree hash of {@link toLeaves}, hex. */
  readonly root: string;
  /** The root of the page before; null for the first one of all. */
  readonly previous: string | null;
  readonly sealedAt: string;
}

/** One page of the chain: what is in it has the root that it says. Who signed it, {@link verifySeal} says. */
export interface Seal extends SealHeader {
  readonly key: string;
  readonly sealed: readonly SealedRecord[];
  readonly envelope: string;
}

/** The type of what is signed: no signature of a statement is one of a seal, nor the other way round. */
const SEAL_TYPE = 'application/vnd.signet.seal+json';
/** Records of one page. */
export const MAX_SEALED = 2000;
/** Bytes of one page: about 150 a record. */
export const MAX_SEAL_BYTES = 1024 * 1024;
export const SEALS = 'seals/';
const KEY = /^seals\/([0-9]{4}-[0-9]{2}-[0-9]{2})\/([0-9]{4})\.json$/;
const DAY_MS = 24 * 60 * 60 * 1000;

export function sealKey({ day, page }: Pick<SealHeader, 'day' | 'page'>): string {
  return `${SEALS}${day}/${String(page).padStart(4, '0')}.json`;
}

/** The day and page that a key names; undefined for another key. */
export function parseSealKey(key: string): Pick<SealHeader, 'day' | 'page'> | undefined {
  const [, day, page] = KEY.exec(key) ?? [];
  return day === undefined || !isDay(day) ? undefined : { day, page: Number(page) };
}

/** Of a time, UTC: days are compared as text. */
export function toDay(time: Date | number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The day after, or so many after. */
export function addDays(day: string, days = 1): string {
  return toDay(Date.parse(day) + days * DAY_MS);
}

export function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00.000Z`);
  return !Number.isNaN(time) && toDay(time) === text;
}

/** What a page's root is of, a line each: what comes before it, then its records. */
function toLeaves({ day, page, previous }: Omit<SealHeader, 'root'>, sealed: readonly SealedRecord[]) {
  const records = sealed.map((one) => `${one.day} ${one.id} ${one.sha256}`);
  return [`seal ${day} ${page} after ${previous ?? 'nothing'}`, ...records];
}

/** Signs a page. @returns its text, and its root @throws StoreError */
export async function signSeal(
  given: Pick<SealHeader, 'day' | 'page' | 'isLast' | 'previous' | 'sealedAt'>,
  sealed: readonly SealedRecord[],
  signer: Signer,
): Promise<{ readonly text: string; readonly root: string }> {
  const { day, page, isLast, previous, sealedAt } = given;
  const head = { schema: 1, day, page, isLast, records: sealed.length, previous, sealedAt } as const;
  const root = toMerkleRoot(toLeaves(head, sealed));
  const payload = Buffer.from(JSON.stringify({ ...head, root } satisfies SealHeader));
  const envelope = await signEnvelope({ payloadType: SEAL_TYPE, payload }, signer.sign);
  const records = sealed.map((one) => `${one.day} ${one.id} ${one.sha256}`);
  return { root, text: `{"seal":${envelope},"records":${JSON.stringify(records)}}\n` };
}

const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const dayField = v.pipe(v.string(), v.check(isDay));
const time = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text),
);
const header: v.GenericSchema<unknown, SealHeader> = v.strictObject({
  schema: v.literal(1),
  day: dayField,
  page: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(9999)),
  isLast: v.boolean(),
  records: v.number(),
  root: hex,
  previous: v.nullable(hex),
  sealedAt: time,
});

/**
 * Reads a page: its form, its place, and that its root is that of its records. Nobody is known to have signed it.
 *
 * @throws SignatureError `SignatureMalformed`, `PayloadInvalid`
 */
export function readSeal(key: string, untrustedBytes: Uint8Array): Seal {
  const content = parse(untrustedBytes);
  const { seal, records, ...others } = isJsonObject(content) ? content : {};
  if (!isJsonObject(seal ?? null) || !Array.isArray(records) || Object.keys(others).length > 0) {
    throw new SignatureError('SignatureMalformed', 'it is not a seal and its records');
  }
  const envelope = JSON.stringify(seal);
  const { payload } = parseEnvelope(envelope);
  const result = v.safeParse(header, parse(payload));
  if (!result.success) throw invalid(formatPlaces(result.issues));
  const { output } = result;
  if (sealKey(output) !== key) throw invalid(`it is that of ${sealKey(output)}`);
  const sealed = records.map(parseLine);
  if (sealed.length !== output.records) throw invalid(`it has ${sealed.length} records, and says ${output.records}`);
  if (toMerkleRoot(toLeaves(output, sealed)) !== output.root) throw invalid('its root is not that of its records');
  return { ...output, key, sealed, envelope };
}

/** Whether one of the keys signed a page. @throws SignatureError that says why not */
export function verifySeal({ envelope }: Seal, keys: readonly KeyObject[]): void {
  verifyEnvelope(envelope, SEAL_TYPE, keys);
}

function parseLine(line: JsonValue): SealedRecord {
  const [day = '', id = '', sha256 = '', ...others] = typeof line === 'string' ? line.split(' ') : [];
  const isRecord = isDay(day) && [id, sha256].every((one) => /^[0-9a-f]{64}$/.test(one)) && others.length === 0;
  if (!isRecord) throw invalid(`${JSON.stringify(line).slice(0, 200)} is no record`);
  return { day, id, sha256 };
}

function parse(bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    if (!(cause instanceof StrictJsonError) && !(cause instanceof TypeError)) throw cause;
    throw new SignatureError('SignatureMalformed', 'it is not strict JSON in UTF-8', { cause });
  }
}

function invalid(fault: string): SignatureError {
  return new SignatureError('PayloadInvalid', `the seal cannot be used: ${fault}`);
}

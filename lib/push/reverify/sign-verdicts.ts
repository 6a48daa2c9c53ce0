import { StoreError } from '../../base/errors/store-error.ts';
import { parseCursor } from '../../platform/lambda/page-parameters.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Signer } from '../../platform/signing/signer.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { type AttestResult, attestationKey, attestRecord } from '../../verdict/attest/attest-record.ts';
import { findAttestFault, type StoredBytes } from '../../verdict/attest/statement.ts';
import { MAX_PAGE_ROWS } from '../../verdict/records/decision-query.ts';
import { listDecisions } from '../../verdict/records/list-decisions.ts';
import { evaluateStored, isUnreadable } from '../../verdict/records/read-records.ts';
import { findRecordFault } from '../../verdict/records/recheck-record.ts';
import { MAX_RECORD_BYTES, recordKey } from '../../verdict/records/verdict-record.ts';
import { type SealResult, sealDays } from '../../verdict/seals/seal-days.ts';

export interface SigningRequest {
  readonly objects: ObjectStore;
  readonly signer: Signer;
  /** The current trust of each profile that can be read. */
  readonly trusts: readonly ReadyTrust[];
  readonly now: () => Date;
  readonly isTimeUp: () => boolean;
  readonly signal: AbortSignal;
  /** Ids of records that this process need not look at again. */
  readonly settled: Set<string>;
}

/** What one run signed. */
export interface SigningResult {
  /** Undefined where sealing failed. */
  readonly seal: SealResult | undefined;
  readonly signed: number;
  /** Records that were listed as accepted, and that their own evidence does not confirm: somebody planted them. */
  readonly refused: readonly { readonly id: string; readonly fault: string }[];
  /** Failures, of sealing and of signing: the next run makes up for them. */
  readonly faults: readonly unknown[];
}

/** Milliseconds back in which each run looks for what is not signed; after a day was sealed, that whole day. */
const LATELY_MS = 2 * 60 * 60 * 1000;
const MAX_BACK_MS = 7 * 24 * 60 * 60 * 1000;
/** Ids that a process remembers; forgetting one costs reading its attestation again. */
const MAX_SETTLED = 50_000;

/**
 * Seals the days that are due, and signs what was accepted lately. One failing does not keep the other from being done, and
 * neither changes a record or a verdict. Every run looks back, so that a failure is made up for.
 *
 * @throws the reason of the signal
 */
export async function signVerdicts(request: SigningRequest): Promise<SigningResult> {
  const { signal, now } = request;
  const faults: unknown[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      faults.push(error);
      return undefined;
    }
  };
  const seal = await attempt(async () => await sealDays(request));
  const [day] = seal?.days ?? [];
  const time = now().getTime();
  const since = day === undefined ? time - LATELY_MS : Math.max(Date.parse(day), time - MAX_BACK_MS);
  const refused: { id: string; fault: string }[] = [];
  let signed = 0;
  await attempt(async () => {
    for await (const id of listAcceptedSince(request, since)) {
      const result = await signRecord(request, id);
      if (result.kind === 'signed' || result.kind === 'replaced') signed += 1;
      if (result.kind === 'refused') refused.push({ id, fault: result.fault });
      // It is told by each run, until somebody removes what is there; the others are signed meanwhile.
      if (result.kind === 'obstructed') faults.push(new StoreError('ConditionFailed', result.fault));
      if (request.settled.size >= MAX_SETTLED) request.settled.clear();
      if (result.kind !== 'later' && result.kind !== 'obstructed') request.settled.add(id);
      if (request.isTimeUp()) return;
    }
  });
  return { seal, signed, refused, faults };
}

async function* listAcceptedSince(request: SigningRequest, since: number): AsyncGenerator<string> {
  const { objects, settled, isTimeUp } = request;
  let after = '';
  for (;;) {
    const query = { filter: { outcome: 'accepted', since }, limit: MAX_PAGE_ROWS, after } as const;
    const page = await listDecisions(objects, query);
    for (const { id } of page.verdicts) if (!settled.has(id)) yield id;
    if (page.next === undefined || isTimeUp()) return;
    after = parseCursor(page.next) ?? '';
  }
}

/** `later`: it, or its trust, cannot be read now. */
type SignedRecord = AttestResult | { readonly kind: 'none' | 'later' };

async function signRecord({ objects, signer, trusts, now, signal }: SigningRequest, id: string): Promise<SignedRecord> {
  const stored = await readStored(objects, id);
  if (stored === 'unreadable') return { kind: 'later' };
  // The list is no evidence: what it names may be nothing, or rejected.
  if (stored === undefined || findAttestFault(stored.record) !== undefined) return { kind: 'none' };
  const { profile, trustRevision } = stored.record.verdict;
  const trust = trusts.find(({ prepared }) => prepared.profile === profile);
  if (trust === undefined) return { kind: 'later' };
  // By another revision than the current one nothing new is signed: it is verified again, and that record is.
  if (trust.prepared.revision !== trustRevision) return { kind: 'none' };
  return await attestRecord({
    objects,
    key: attestationKey(id, 'svr'),
    stored,
    form: 'svr',
    signer,
    findFault: async () => await findRecordFault(stored.record, trust.prepared, now(), signal),
  });
}

async function readStored(objects: ObjectStore, id: string): Promise<StoredBytes | 'unreadable' | undefined> {
  try {
    const { bytes } = (await objects.readObject(recordKey(id), MAX_RECORD_BYTES)) ?? {};
    const record = bytes === undefined ? undefined : evaluateStored(id, bytes).record;
    return bytes === undefined || record === undefined ? undefined : { record, bytes };
  } catch (error) {
    if (isUnreadable(error)) return 'unreadable';
    throw error;
  }
}

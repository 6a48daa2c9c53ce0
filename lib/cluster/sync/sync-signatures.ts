import { isDeepStrictEqual } from 'node:util';
import { StoreError } from '../../base/errors/store-error.ts';
import { SIGNATURES_LABEL } from '../../trust/documents/config-map.ts';
import type { SignatureConfigMapDocument, SignedRelease } from '../render/signature-config-maps.ts';
import { SLOT_NAMES, toSignatureSlots } from './signature-slots.ts';
import { type AppliedSlot, FIELD_MANAGER, type SlotObjects, type StoredSlot, toReleasedSlot } from './slot-objects.ts';

/**
 * What became of one slot. `released`: the sync gave up what it owned of it, and others own the rest. `foreign`: it owns
 * nothing of it, and left it alone. `kept`: it would have been removed if all else had been applied.
 */
export type SlotOutcome =
  | 'created'
  | 'changed'
  | 'unchanged'
  | 'removed'
  | 'released'
  | 'foreign'
  | 'kept'
  | 'conflict'
  | 'failed';

export interface SlotResult {
  readonly name: string;
  readonly outcome: SlotOutcome;
  /** Signatures, by their keys, that came, went or were other bytes. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly replaced: readonly string[];
  readonly message?: string | undefined;
}

/**
 * Brings the signature ConfigMaps of a cluster to what verifies: writes first, and removes only after everything was
 * written, so that no signature is missing at any time. Digests move to slots of a higher number alone, so that those are
 * written first; a slot that is no longer needed goes last.
 *
 * @param releases verified by the cluster's trust; at least one, so that nothing empties a cluster
 * @throws ConfigurationError when they do not fit; StoreError when the API server cannot be asked what it has
 */
export async function syncSignatures(
  releases: readonly SignedRelease[],
  slots: SlotObjects,
): Promise<readonly SlotResult[]> {
  if (releases.length === 0) throw new Error('nothing is to be written: a sync would remove every signature');
  const wanted = new Map(toSignatureSlots(releases).map((slot) => [slot.metadata.name, slot]));
  const before = new Map<string, StoredSlot | undefined>();
  for (const name of SLOT_NAMES) before.set(name, await slots.read(name));
  const results = new Map<string, SlotResult>();
  for (const name of SLOT_NAMES.toReversed()) {
    const document = wanted.get(name);
    if (document !== undefined) results.set(name, await settle(name, () => write(document, before.get(name), slots)));
  }
  const isWhole = [...results.values()].every(({ outcome }) => outcome !== 'conflict' && outcome !== 'failed');
  for (const name of SLOT_NAMES) {
    const stored = before.get(name);
    if (wanted.has(name) || stored === undefined) continue;
    results.set(name, isWhole ? await settle(name, () => prune(name, stored, slots)) : keep(name, stored));
  }
  return SLOT_NAMES.flatMap((name) => results.get(name) ?? []);
}

/** What the API server refuses of one slot ends no other; what the caller aborts ends all. */
async function settle(name: string, work: () => Promise<SlotResult>): Promise<SlotResult> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { ...toResult(name, 'failed'), message: error.message };
  }
}

async function write(
  document: SignatureConfigMapDocument,
  before: StoredSlot | undefined,
  slots: SlotObjects,
): Promise<SlotResult> {
  const { name } = document.metadata;
  const applied = await slots.apply(document);
  if (applied.kind === 'conflict') return { ...toResult(name, 'conflict'), message: applied.message };
  const { slot } = applied;
  checkStored(name, document, slot);
  if (before === undefined) return { ...toResult(name, 'created'), ...compare({}, slot.binaryData) };
  // Content says it in a dry run, and the version where ownership alone has changed.
  const isSame =
    before.resourceVersion === slot.resourceVersion && isDeepStrictEqual(toContent(before), toContent(slot));
  return { ...toResult(name, isSame ? 'unchanged' : 'changed'), ...compare(before.binaryData, slot.binaryData) };
}

/** A webhook of the cluster may change what is applied: a signature that is not there must not be called written. */
function checkStored(name: string, { binaryData }: SignatureConfigMapDocument, slot: StoredSlot): void {
  const other = Object.keys(binaryData).find((key) => slot.binaryData[key] !== binaryData[key]);
  if (other === undefined && Object.hasOwn(slot.labels, SIGNATURES_LABEL)) return;
  const what = other === undefined ? `the label ${SIGNATURES_LABEL}` : other;
  throw new StoreError(
    'ContentMismatch',
    `ConfigMap ${name}: the API server stored it without ${what} as it was applied`,
  );
}

async function prune(name: string, stored: StoredSlot, slots: SlotObjects): Promise<SlotResult> {
  if (!stored.managers.includes(FIELD_MANAGER)) {
    return { ...toResult(name, 'foreign'), message: `it is owned by ${stored.managers.join(', ')}` };
  }
  if (stored.managers.length === 1) {
    const isRemoved = await slots.remove(name, stored);
    if (isRemoved) return { ...toResult(name, 'removed'), ...compare(stored.binaryData, {}) };
    return { ...toResult(name, 'failed'), message: 'it was changed meanwhile: run again' };
  }
  const released: AppliedSlot = toReleasedSlot(name);
  const applied = await slots.apply(released);
  if (applied.kind === 'conflict') return { ...toResult(name, 'conflict'), message: applied.message };
  return { ...toResult(name, 'released'), ...compare(stored.binaryData, applied.slot.binaryData) };
}

function keep(name: string, { managers }: StoredSlot): SlotResult {
  if (!managers.includes(FIELD_MANAGER)) return toResult(name, 'foreign');
  return { ...toResult(name, 'kept'), message: 'not removed, because another ConfigMap could not be written' };
}

function toResult(name: string, outcome: SlotOutcome): SlotResult {
  return { name, outcome, added: [], removed: [], replaced: [] };
}

function toContent({ labels, binaryData }: StoredSlot) {
  return { labels, binaryData };
}

type Data = Readonly<Record<string, string>>;

function compare(before: Data, after: Data): Pick<SlotResult, 'added' | 'removed' | 'replaced'> {
  return {
    added: Object.keys(after).filter((key) => !Object.hasOwn(before, key)),
    removed: Object.keys(before).filter((key) => !Object.hasOwn(after, key)),
    replaced: Object.keys(after).filter((key) => Object.hasOwn(before, key) && before[key] !== after[key]),
  };
}

import { mirrorKey } from '../slots/mirror-slots.ts';
import type { AuditedSlot, AuditedSlots, AuditTarget } from './audit-slots.ts';
import type { RepairStep } from './plan-repair.ts';
import { quarantineSignature } from './quarantine-signature.ts';

/**
 * Does the steps of a plan, up to the first that meets a place that has changed since it was read.
 *
 * @returns the steps that were done
 * @throws StoreError; the abort reason of the signal
 */
export async function repairSlots(
  target: AuditTarget,
  slots: AuditedSlots,
  steps: readonly RepairStep[],
  signal: AbortSignal,
): Promise<readonly RepairStep[]> {
  const done: RepairStep[] = [];
  for (const step of steps) {
    signal.throwIfAborted();
    if (!(await doStep(target, slots, step))) break;
    done.push(step);
  }
  return done;
}

/** False when the place has changed. */
async function doStep(target: AuditTarget, slots: AuditedSlots, step: RepairStep): Promise<boolean> {
  const { objects, digest } = target;
  switch (step.kind) {
    case 'quarantine': {
      const slot = slots.get(step.index);
      if (slot?.kind !== 'unverified') throw new Error('only what does not verify is quarantined');
      await quarantineSignature(target, mirrorKey(digest, step.index), slot.bytes, slot.evaluations);
      return true;
    }
    case 'write': {
      const { bytes } = toStored(slots.get(step.from));
      const key = mirrorKey(digest, step.to);
      const replaced = slots.get(step.to);
      return replaced === undefined
        ? objects.createObject(key, bytes)
        : objects.replaceObject(key, bytes, toStored(replaced).etag);
    }
    case 'delete':
      await objects.deleteObject(mirrorKey(digest, step.index));
      return true;
    default:
      throw new TypeError(`unknown step ${JSON.stringify(step satisfies never)}`);
  }
}

function toStored(slot: AuditedSlot | undefined): Exclude<AuditedSlot, { kind: 'unreadable' }> {
  if (slot === undefined || slot.kind === 'unreadable') throw new Error('only what was read is moved or replaced');
  return slot;
}

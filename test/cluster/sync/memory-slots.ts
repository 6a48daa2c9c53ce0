import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { FIELD_MANAGER, type SlotObjects, type StoredSlot } from '../../../lib/cluster/sync/slot-objects.ts';

export interface MemorySlots extends SlotObjects {
  readonly stored: Map<string, StoredSlot>;
  /** `apply NAME` and `remove NAME`, in order. */
  readonly writes: readonly string[];
}

/** The slots of a cluster that has no API server. @param refused names whose writes fail, and how */
export function createMemorySlots(refused: Readonly<Record<string, 'failed' | 'conflict'>> = {}): MemorySlots {
  const stored = new Map<string, StoredSlot>();
  const writes: string[] = [];
  let version = 0;
  return {
    stored,
    writes,
    read: (name) => Promise.resolve(stored.get(name)),
    async apply({ metadata, ...rest }) {
      await Promise.resolve();
      const { name } = metadata;
      writes.push(`apply ${name}`);
      if (refused[name] === 'failed') throw new StoreError('Unavailable', 'the API server answered 503');
      if (refused[name] === 'conflict') return { kind: 'conflict', message: 'conflict with "somebody"' };
      const before = stored.get(name);
      const binaryData = 'binaryData' in rest ? rest.binaryData : {};
      const labels = 'labels' in metadata ? metadata.labels : {};
      const isSame = JSON.stringify(before?.binaryData) === JSON.stringify(binaryData);
      if (!isSame) version += 1;
      const resourceVersion = isSame ? (before?.resourceVersion ?? '') : String(version);
      const slot = { uid: name, resourceVersion, labels, binaryData, managers: [FIELD_MANAGER] };
      stored.set(name, slot);
      return { kind: 'stored', slot };
    },
    async remove(name) {
      await Promise.resolve();
      writes.push(`remove ${name}`);
      return stored.delete(name);
    },
  };
}

import { LONGEST_SLOT_BYTES, readSlot, type SlotContent } from './release-slot.ts';

/** What is left of any slot ends so: enough of the fill that ordinary bytes hardly do, and the NUL behind it. */
const SLOT_END = Buffer.from(`${'X'.repeat(16)}\0`, 'latin1');

/**
 * Every slot in a stream of bytes, in order. Keeps no more of it than one slot and one chunk, wherever chunks are cut.
 */
export async function* scanSlots(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SlotContent> {
  let kept: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([kept, chunk]);
    // An end that lay whole in what was kept was looked at already.
    let from = Math.max(0, kept.length - SLOT_END.length + 1);
    for (;;) {
      const found = bytes.indexOf(SLOT_END, from);
      if (found < 0) break;
      const slot = readSlot(bytes, found + SLOT_END.length);
      if (slot !== undefined) yield slot;
      from = found + SLOT_END.length;
    }
    kept = Buffer.from(bytes.subarray(Math.max(0, bytes.length - LONGEST_SLOT_BYTES)));
  }
}

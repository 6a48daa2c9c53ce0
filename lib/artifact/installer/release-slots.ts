/**
 * A place in a binary into which `oc adm release extract` writes. The Go program is built with a constant of fixed length:
 * a name between NULs, then a run of `X`. A value and a NUL overwrite its start, and the rest stays, so a written slot is
 * found by the rest of its constant.
 */
interface ReleaseSlot {
  readonly kind: 'image' | 'version' | 'architecture';
  /** The whole constant as built. */
  readonly constant: Buffer;
}

/** The content of a slot. */
export interface SlotContent {
  readonly kind: ReleaseSlot['kind'];
  /** Undefined if nothing was written: the constant is as built. */
  readonly value: string | undefined;
}

/** Lengths of the runs of `X` in the installer and oc since 4.1. */
const IMAGE_FILL = 300;
const SHORT_FILL = 64;

/** Shortest first: the rest of a short constant can be the end of a long one, but never the reverse. */
const RELEASE_SLOTS: readonly ReleaseSlot[] = [
  { kind: 'version', constant: toConstant('_RELEASE_VERSION_LOCATION_', SHORT_FILL) },
  { kind: 'architecture', constant: toConstant('_RELEASE_ARCHITECTURE_LOCATION_', SHORT_FILL) },
  { kind: 'image', constant: toConstant('_RELEASE_IMAGE_LOCATION_', IMAGE_FILL) },
];

const LONGEST_SLOT_BYTES = Math.max(...RELEASE_SLOTS.map(({ constant }) => constant.length));

/** The end of every slot: enough of the run that other bytes rarely match, and the final NUL. */
const SLOT_END = Buffer.from(`${'X'.repeat(16)}\0`, 'latin1');

/** Finds every slot in a stream of bytes, wherever chunks end. Memory: one slot and one chunk. */
export async function* scanSlots(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SlotContent> {
  let kept: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([kept, chunk]);
    // An end that is whole within the kept bytes was found before.
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

const VALUES: Readonly<Record<ReleaseSlot['kind'], RegExp>> = {
  version: /^\d+\.\d+\.\d[0-9A-Za-z.+-]*$/,
  architecture: /^(?:[a-z0-9]+ \()?linux\/[a-z0-9]+\)?$|^multi$/,
  image: /^[!-~]+$/,
};

/** The slot whose last byte is before `end`; undefined when there is none. */
function readSlot(bytes: Buffer, end: number): SlotContent | undefined {
  for (const { kind, constant } of RELEASE_SLOTS) {
    const start = end - constant.length;
    if (start < 0) continue;
    const slot = bytes.subarray(start, end);
    if (slot.equals(constant)) return { kind, value: undefined };
    const length = slot.indexOf(0);
    if (length <= 0 || !slot.subarray(length + 1).equals(constant.subarray(length + 1))) continue;
    const value = slot.toString('latin1', 0, length);
    if (VALUES[kind].test(value)) return { kind, value };
  }
  return undefined;
}

function toConstant(name: string, fill: number): Buffer {
  return Buffer.from(`\0${name}\0${'X'.repeat(fill)}\0`, 'latin1');
}

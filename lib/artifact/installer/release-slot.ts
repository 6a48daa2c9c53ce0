/**
 * A place in a binary that `oc adm release extract` writes into. The Go program is built with a constant of fixed
 * length, a name between NULs and a run of `X`; the start of it is overwritten with the value and a NUL, and the rest
 * stays. So a slot that was written is found by what is left of its constant.
 */
export interface ReleaseSlot {
  readonly kind: 'image' | 'version' | 'architecture';
  /** The whole constant as it is built. */
  readonly constant: Buffer;
}

/** What a slot holds: what was written there, or nothing yet. */
export interface SlotContent {
  readonly kind: ReleaseSlot['kind'];
  /** Undefined: the constant is as it was built. */
  readonly value: string | undefined;
}

/** Lengths of the runs, as the installer and oc have them since 4.1. */
const IMAGE_FILL = 300;
const SHORT_FILL = 64;

/** Narrowest first: what is left of a short constant could be the end of a long one, never the other way about. */
export const RELEASE_SLOTS: readonly ReleaseSlot[] = [
  { kind: 'version', constant: toConstant('_RELEASE_VERSION_LOCATION_', SHORT_FILL) },
  { kind: 'architecture', constant: toConstant('_RELEASE_ARCHITECTURE_LOCATION_', SHORT_FILL) },
  { kind: 'image', constant: toConstant('_RELEASE_IMAGE_LOCATION_', IMAGE_FILL) },
];

export const LONGEST_SLOT_BYTES = Math.max(...RELEASE_SLOTS.map(({ constant }) => constant.length));

const VALUES: Readonly<Record<ReleaseSlot['kind'], RegExp>> = {
  version: /^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/,
  architecture: /^(?:[a-z0-9]+ \()?linux\/[a-z0-9]+\)?$|^multi$/,
  image: /^[!-~]+$/,
};

/** The slot whose last byte is before `end`; undefined when there is none. */
export function readSlot(bytes: Buffer, end: number): SlotContent | undefined {
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

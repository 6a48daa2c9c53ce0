import { hash } from 'node:crypto';

const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

/**
 * The Merkle Tree Hash of a list (RFC 6962, section 2.1) over SHA-256: no two lists have the same, nor has a part of one.
 *
 * @returns lower-case hex
 */
export function toMerkleRoot(leaves: readonly string[]): string {
  if (leaves.length === 0) return hash('sha256', '');
  // Roots of whole subtrees, the largest first: two of the same size are one of twice the size.
  const whole: { readonly size: number; readonly root: Uint8Array }[] = [];
  for (const leaf of leaves) {
    let size = 1;
    let root: Uint8Array = hash('sha256', Buffer.concat([LEAF, Buffer.from(leaf)]), 'buffer');
    for (let last = whole.at(-1); last?.size === size; last = whole.at(-1)) {
      whole.pop();
      root = join(last.root, root);
      size *= 2;
    }
    whole.push({ size, root });
  }
  const root = whole.map((subtree) => subtree.root).reduceRight((right, left) => join(left, right));
  return Buffer.from(root).toString('hex');
}

function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash('sha256', Buffer.concat([NODE, left, right]), 'buffer');
}

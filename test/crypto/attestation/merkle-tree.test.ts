import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toMerkleRoot } from '../../../lib/crypto/attestation/merkle-tree.ts';

const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** RFC 6962, section 2.1, as it is written there. */
function toRootByDefinition(leaves: readonly string[]): Buffer {
  const [only = ''] = leaves;
  if (leaves.length === 0) return sha256('');
  if (leaves.length === 1) return sha256(Buffer.from([0]), only);
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return sha256(Buffer.from([1]), toRootByDefinition(leaves.slice(0, k)), toRootByDefinition(leaves.slice(k)));
}

describe('the Merkle tree hash of RFC 6962', () => {
  test.each(Array.from({ length: 40 }, (_, count) => [count]))('of %i leaves is that of the definition', (count) => {
    const leaves = Array.from({ length: count }, (_, at) => `leaf ${at}`);
    expect(toMerkleRoot(leaves)).toBe(toRootByDefinition(leaves).toString('hex'));
  });

  test.each<[name: string, one: readonly string[], other: readonly string[]]>([
    ['the last leaf twice', ['a', 'b', 'c'], ['a', 'b', 'c', 'c']],
    ['another order', ['a', 'b'], ['b', 'a']],
    ['two leaves joined', ['a', 'b'], ['ab']],
    ['an empty leaf', [], ['']],
  ])('differs for %s', (_, one, other) => {
    expect(toMerkleRoot(one)).not.toBe(toMerkleRoot(other));
  });

  test('takes no inner node for a leaf', () => {
    const [left, right] = ['a', 'b'].map((leaf) => sha256(Buffer.from([0]), leaf));
    const forged = Buffer.concat([left ?? Buffer.alloc(0), right ?? Buffer.alloc(0)]).toString('latin1');
    expect(toMerkleRoot(['a', 'b'])).not.toBe(toMerkleRoot([forged]));
  });
});

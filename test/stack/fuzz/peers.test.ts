import { describe, expect, test } from 'vitest';
import { COMPARED, compareWithPeers } from '../../fuzz/peers/compare.ts';
import { findTool } from '../../support/tools.ts';

const go = findTool('fuzz-peers');
const gpg = findTool('gpg');

/** SIGNET_SEED makes another run. */
const SEED = Number(process.env['SIGNET_SEED'] ?? 17);
const INPUTS = 5000;

describe.skipIf(go === undefined)('mutated inputs beside Go and gpg', () => {
  test.each(COMPARED)('%s: Signet accepts nothing alone', async (target) => {
    const { compared, accepted, alone } = await compareWithPeers(target, INPUTS, SEED, { go: go ?? '', gpg });
    expect(alone).toEqual([]);
    expect(compared).toBe(INPUTS);
    // Both happen, or the comparison says little.
    expect(accepted).toBeGreaterThan(INPUTS / 100);
    expect(accepted).toBeLessThan(INPUTS);
  });
});

import process from 'node:process';
import { findTool } from '../../support/tools.ts';
import { COMPARED, type Comparison, compareWithPeers } from './compare.ts';

export interface PeerOptions {
  readonly targets: readonly string[];
  readonly count: number | undefined;
  readonly seed: number;
  readonly isJson: boolean;
}

const INPUTS = 2000;

/** Compares the targets that a peer reads too, and prints what came of each. Exits with 1 if Signet accepts alone. */
export async function comparePeers({ targets, count = INPUTS, seed, isJson }: PeerOptions): Promise<void> {
  const go = findTool('fuzz-peers');
  if (go === undefined) {
    process.exitCode = 2;
    return;
  }
  const results: Comparison[] = [];
  for (const target of targets.filter((name) => COMPARED.includes(name))) {
    const result = await compareWithPeers(target, count, seed, { go, gpg: findTool('gpg') });
    results.push(result);
    if (!isJson) process.stdout.write(`${target}: ${describe(result)}\n`);
    for (const input of result.alone) process.stderr.write(`${target}: accepted alone: ${input}\n`);
  }
  const total = results.reduce(
    (sum, { compared, accepted, alone, refused }) => ({
      compared: sum.compared + compared,
      accepted: sum.accepted + accepted,
      alone: [...sum.alone, ...alone],
      refused: sum.refused + refused,
    }),
    { compared: 0, accepted: 0, alone: [] as readonly string[], refused: 0 },
  );
  process.stdout.write(
    isJson ? `${JSON.stringify({ seed, targets: results }, undefined, 2)}\n` : `${describe(total)}, seed ${seed}\n`,
  );
  if (total.alone.length > 0) process.exitCode = 1;
}

function describe({ compared, accepted, alone, refused }: Omit<Comparison, 'target'>): string {
  return `${compared} compared, ${accepted} accepted, ${alone.length} of them by no peer, ${refused} by peers alone`;
}

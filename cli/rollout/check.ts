import { styleText } from 'node:util';
import { MAX_OBJECTS_BYTES } from '../../lib/base/documents/read-objects.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { checkRollout } from '../../lib/cluster/rollout/check-rollout.ts';
import { parseClusterState, parseMachineConfigs } from '../../lib/cluster/rollout/parse-cluster-state.ts';
import { readNodeContents } from '../../lib/cluster/rollout/read-node-contents.ts';
import type { Finding, PoolRollout, Rollout } from '../../lib/cluster/rollout/rollout.ts';
import type { OutputOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RolloutCheckOptions extends OutputOptions {
  readonly pool: readonly string[];
  readonly expect: string;
  readonly nodeFiles?: string;
}

/** @returns the exit status: 0 only when the policy is live on every machine that it is for */
export async function checkPolicyRollout({ pool, expect, nodeFiles, output }: RolloutCheckOptions): Promise<number> {
  const expected = parseMachineConfigs(await readNamed(expect));
  const files = [];
  for (const file of pool) files.push(await readNamed(file));
  const state = parseClusterState(files);
  if (state.pools.length === 0)
    throw new InputError('FileUnreadable', `${pool.join(', ')}: there is no MachineConfigPool`);
  const paths = [...new Set(expected.flatMap((one) => [...one.files.keys()]))].toSorted();
  const contents = nodeFiles === undefined ? undefined : await readNodeContents(nodeFiles, paths);
  const rollout = checkRollout(state, expected, contents);
  printResult(output, rollout, formatRollout);
  return rollout.outcome === 'live' ? ExitStatus.done : ExitStatus.rejected;
}

async function readNamed(file: string): Promise<{ name: string; bytes: Uint8Array }> {
  return { name: file, bytes: await readInput(file, MAX_OBJECTS_BYTES) };
}

function formatRollout({ pools, faults }: Rollout): string {
  return [...pools.flatMap(formatPool), ...faults.map((fault) => `${color('not-live')}  ${fault}`)].join('\n');
}

function formatPool({ pool, outcome, findings }: PoolRollout): readonly string[] {
  if (outcome === 'unconcerned') return [`${outcome}  ${pool}: none of the MachineConfigs is for it`];
  return [`${color(outcome)}  ${pool}`, ...findings.flatMap(formatFinding)];
}

function formatFinding({ check, answer, message, details }: Finding): readonly string[] {
  return [
    `  ${answer.padEnd(7)}  ${check.padEnd(9)}  ${message}`,
    ...details.map((line) => `                      ${line}`),
  ];
}

function color(outcome: PoolRollout['outcome']): string {
  const style = outcome === 'live' ? 'green' : outcome === 'unknown' ? 'yellow' : 'red';
  return styleText([style, 'bold'], outcome, { stream: process.stdout });
}

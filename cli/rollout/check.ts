import { styleText } from 'node:util';
import { isTable, MAX_OBJECTS_BYTES } from '../../lib/base/documents/read-objects.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { listPolicyFiles } from '../../lib/cluster/rollout/check-image-policies.ts';
import { checkPolicyRollout, checkRollout } from '../../lib/cluster/rollout/check-rollout.ts';
import {
  parseClusterState,
  parseImagePolicies,
  parseMachineConfigs,
} from '../../lib/cluster/rollout/parse-cluster-state.ts';
import { isDescription } from '../../lib/cluster/rollout/read-description.ts';
import { readNodeContents } from '../../lib/cluster/rollout/read-node-contents.ts';
import type { Finding, PoolRollout, Rollout } from '../../lib/cluster/rollout/rollout.ts';
import type { JudgedFinding, Judgement } from '../shell/formats/judgement.ts';
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
export async function checkNodeRollout({ pool, expect, nodeFiles, output }: RolloutCheckOptions): Promise<number> {
  const given = await readNamed(expect);
  const text = new TextDecoder().decode(given.bytes);
  const policies = isDescription(text) || isTable(text) ? [] : parseImagePolicies(given);
  const expected = policies.length > 0 ? [] : parseMachineConfigs(given);
  const files = [];
  for (const file of pool) files.push(await readNamed(file));
  const state = parseClusterState(files);
  if (state.pools.length === 0) {
    const wanted = 'give what oc get mcp,mc,node -o yaml prints';
    throw new InputError('FileUnreadable', `${pool.join(', ')}: there is no MachineConfigPool: ${wanted}`);
  }
  const ofConfigs = [...new Set(expected.flatMap((one) => [...one.files.keys()]))].toSorted();
  const paths = policies.length > 0 ? listPolicyFiles(policies) : ofConfigs;
  const contents = nodeFiles === undefined ? undefined : await readNodeContents(nodeFiles, paths);
  const rollout =
    policies.length > 0 ? checkPolicyRollout(state, policies, contents) : checkRollout(state, expected, contents);
  printResult(output, rollout, formatRollout, (one) => toJudgement(one, expect));
  return rollout.outcome === 'live' ? ExitStatus.done : ExitStatus.rejected;
}

const TO_OUTCOME = {
  live: 'accepted',
  unconcerned: 'accepted',
  'not-live': 'rejected',
  unknown: 'indeterminate',
} as const;

/** The call is rejected unless all is live, and a pool of which that is not known is not decided. */
function toJudgement({ outcome, pools, faults, warnings }: Rollout, file: string): Judgement {
  const toFinding = ({ check, message, details }: Finding): JudgedFinding => ({
    code: check,
    message,
    details,
  });
  return {
    command: 'rollout check',
    outcome: TO_OUTCOME[outcome],
    judged: [
      ...pools.map(({ pool, outcome: one, findings }) => ({
        name: pool,
        outcome: TO_OUTCOME[one],
        findings: findings.filter(({ answer }) => answer !== 'yes').map(toFinding),
        notes:
          one === 'unconcerned'
            ? [{ code: one, message: 'none of the MachineConfigs is for it' }]
            : warnings.map((message) => ({ code: 'open-scope', message })),
        file,
      })),
      ...faults.map((message) => ({
        name: 'rollout',
        outcome: 'rejected' as const,
        findings: [{ code: 'rollout', message }],
        file,
      })),
    ],
  };
}

async function readNamed(file: string): Promise<{ name: string; bytes: Uint8Array }> {
  return { name: file, bytes: await readInput(file, MAX_OBJECTS_BYTES) };
}

function formatRollout({ pools, faults, warnings }: Rollout): string {
  return [
    ...pools.flatMap(formatPool),
    ...faults.map((fault) => `${color('not-live')}  ${fault}`),
    ...warnings.map((warning) => `warning  ${warning}`),
  ].join('\n');
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

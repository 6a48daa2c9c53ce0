import type { KeySource } from '../../lib/trust/policy/policy-requirement.ts';
import type { RequirementResult } from '../../lib/verdict/judge/judge.ts';
import type { NodesAnswer, NodeVersion } from '../../lib/verdict/judge/nodes.ts';
import type { Attempt, ImageResult, Reason } from '../../lib/verdict/judge/verdict.ts';
import { type DecisionForNodes, decideForNodes } from '../open/decide-for-nodes.ts';
import type { RegistryImageOptions } from '../open/images.ts';
import { openImage } from '../open/images.ts';
import { readKeyFile, readPolicyKeys } from '../open/keys.ts';
import { readPolicyFile } from '../open/node-policy.ts';
import type { Judgement } from '../shell/formats/judgement.ts';
import { type OutputOptions, type PlatformOptions, parsePlatforms } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { toExitStatus } from '../shell/run-program.ts';

export interface ImageVerifyOptions extends RegistryImageOptions, PlatformOptions, OutputOptions {
  readonly policy: string;
  readonly root?: string;
  readonly bundleIdentity: 'refuse' | 'digest';
  /** Of the nodes. */
  readonly targetVersion?: NodeVersion;
}

type Report = DecisionForNodes;

/** @returns the exit status */
export async function verifyImage(text: string, options: ImageVerifyOptions, signal: AbortSignal): Promise<number> {
  const policy = await readPolicyFile(options.policy);
  const { source, asNode, close } = await openImage(text, options);
  try {
    const ask = {
      policy,
      keys: (key: KeySource) => readPolicyKeys(key, options.root),
      sigstore: {
        readFile: (path: string) => readKeyFile(path, options.root),
        bundleIdentity: options.bundleIdentity,
      },
      platforms: parsePlatforms(options),
      now: new Date(),
      signal,
    };
    const report = await decideForNodes({ source, asNode }, ask, options.targetVersion);
    signal.throwIfAborted();
    printResult<Report>(options.output, report, formatReport, (one) => toJudgement(one, options.policy));
    return toExitStatus(report.outcome);
  } finally {
    close();
  }
}

function formatReport({ outcome, image, digest, scope, requirements, images, nodes }: Report): string {
  const by = scope === 'default' ? 'the policy’s default' : `${scope.transport} ${JSON.stringify(scope.scope)}`;
  const lines = [`${outcome}  ${image}`];
  if (digest !== undefined) lines.push(`  digest    ${digest}`);
  lines.push(`  scope     ${by}`, ...images.map(formatImage));
  lines.push(...formatNodes(outcome, nodes), ...requirements.flatMap(formatRequirement));
  return lines.join('\n');
}

function toJudgement({ outcome, image, requirements, nodes }: Report, policy: string): Judgement {
  const findings = outcome === 'accepted' ? [] : requirements.flatMap(({ reasons }) => reasons);
  const notes = [
    ...requirements.flatMap(({ warnings }) => warnings),
    ...(nodes === undefined || outcome !== 'accepted' || nodes.nodes === 'yes'
      ? []
      : [{ code: 'nodes', message: `nodes: ${nodes.nodes}: ${nodes.reason}`, remedy: nodes.remedy }]),
  ];
  return { command: 'image verify', outcome, judged: [{ name: image, outcome, findings, notes, file: policy }] };
}

/** A warning where the answers differ; of an image that nodes pull as the verdict says, nothing. */
function formatNodes(outcome: Report['outcome'], nodes: NodesAnswer | undefined): readonly string[] {
  if (nodes === undefined || outcome !== 'accepted' || nodes.nodes === 'yes') return [];
  const can = nodes.nodes === 'no' ? 'nodes cannot pull it' : 'whether nodes can pull it is not known';
  const lines = [`  warning   ${can}: ${nodes.reason}`];
  return nodes.remedy === undefined ? lines : [...lines, `            → ${nodes.remedy}`];
}

/** An image of an index that nodes run, or an entry that none of them runs. */
function formatImage({ digest, platforms, outcome }: ImageResult): string {
  const named = platforms.length === 0 ? 'no platform' : platforms.join(', ');
  return `  image     ${outcome ?? 'not judged'}  ${named}  ${digest}`;
}

function formatRequirement(result: RequirementResult): readonly string[] {
  const { outcome, requirement, reasons, warnings, attempts } = result;
  return [
    `  ${outcome}  ${requirement}`,
    ...reasons.flatMap((reason) => formatReason('reason ', reason)),
    ...warnings.flatMap((warning) => formatReason('warning', warning)),
    ...attempts.flatMap(formatAttempt),
  ];
}

function formatReason(label: string, { code, message, remedy }: Reason): readonly string[] {
  const lines = [`    ${label}  ${code}: ${message}`];
  return remedy === undefined ? lines : [...lines, `             → ${remedy}`];
}

function formatAttempt({ code, location, signer, message, note }: Attempt): readonly string[] {
  const by = signer === undefined ? '' : `, signer ${signer}`;
  const lines = [`    tried    ${location}`, `             ${code}: ${message}${by}`];
  return note === undefined ? lines : [...lines, `             note: ${note}`];
}

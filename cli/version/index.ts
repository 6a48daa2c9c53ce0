import type { Command } from 'commander';
import { VERIFIER_VERSION } from '../../lib/verdict/judge/verdict.ts';
import { type OutputOptions, options } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { ExitStatus, type Run } from '../shell/run-program.ts';

/** `signet version` */
export function addVersion(program: Command, { setStatus }: Run): void {
  program
    .command('version')
    .description('print the version of Signet, and of the Node and system that it runs on')
    .addOption(options.output())
    .action((given: OutputOptions) => setStatus(showVersion(given)));
}

function showVersion({ output }: OutputOptions): number {
  const { versions, platform, arch } = process;
  const shown = {
    version: VERIFIER_VERSION.replace('signet/', ''),
    // Records name it: a verdict is decided again by the version that made it.
    verifier: VERIFIER_VERSION,
    node: versions.node,
    platform: `${platform}/${arch}`,
  };
  printResult(output, shown, (one) => `signet ${one.version} (Node ${one.node}, ${one.platform})`);
  return ExitStatus.done;
}

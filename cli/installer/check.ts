import { type CarriedRelease, readReleaseImage } from '../../lib/artifact/installer/read-release-image.ts';
import { untilAborted } from '../../lib/platform/time/deadline.ts';
import { allOf } from '../../lib/verdict/judge/outcome.ts';
import type { Verdict } from '../../lib/verdict/judge/verdict.ts';
import { type DecisionOptions, decidePullspec } from '../open/decision.ts';
import type { OutputOptions } from '../shell/options.ts';
import { printResult, printVerdict } from '../shell/output.ts';
import { toExitStatus } from '../shell/run-program.ts';
import { type BootImageOptions, type BootImageReport, checkBootImages, formatBootImages } from './boot-images.ts';

export interface InstallerOptions extends Omit<DecisionOptions, 'force'>, OutputOptions, BootImageOptions {}

interface Report {
  readonly file: string;
  readonly carries: CarriedRelease;
  readonly verdict: Verdict;
  /** Only where stream metadata was given. */
  readonly bootImages?: BootImageReport;
}

/** @returns the exit status */
export async function checkInstaller(file: string, options: InstallerOptions, signal: AbortSignal): Promise<number> {
  // First, so that a wrong call or an unreadable list is said before a large file is read.
  const bootImages = await untilAborted(checkBootImages(options), signal);
  const carries = await untilAborted(readReleaseImage(file), signal);
  const { verdict } = await decidePullspec(carries.untrustedPullspec, options, signal);
  const report: Report = { file, carries, verdict, ...(bootImages === undefined ? {} : { bootImages }) };
  printResult(options.output, report, formatCarried);
  if (options.output === 'text') {
    printVerdict('text', verdict);
    if (bootImages !== undefined) printResult('text', bootImages, formatBootImages);
  }
  return toExitStatus(allOf([verdict.outcome, ...(bootImages === undefined ? [] : [bootImages.outcome])]));
}

function formatCarried({ file, carries: { members, untrustedPullspec, version, architecture } }: Report): string {
  const lines = [`carries  ${untrustedPullspec}`, `  installer  ${file}`];
  for (const member of members) lines.push(`  in it      ${member}`);
  if (version !== undefined) lines.push(`  says       version ${version}`);
  if (architecture !== undefined) lines.push(`  says       architecture ${architecture}`);
  return lines.join('\n');
}

import type { CopiedAttachments } from '../../lib/mirror/sigstore/copy-attachments.ts';
import { countOf } from './count-of.ts';

/** What became of the signatures beside images: a line for all, then only what a reader has to know of. */
export function formatCopied(images: readonly CopiedAttachments[]): readonly string[] {
  const put = images.flatMap(({ attachments }) => attachments.map(({ outcome }) => outcome));
  const count = (outcome: string): number => put.filter((one) => one === outcome).length;
  const absent = images.filter(({ outcome }) => outcome === 'absent' || outcome === 'unasked').length;
  return [
    `${countOf(images.length, 'image')}: ${countOf(count('copied'), 'attachment')} copied, ${count('merged')} merged, ${count('replaced')} replaced, ${count('held')} held already, ${absent} without one`,
    ...images.flatMap(formatImage),
  ];
}

function formatImage({ digest, outcome, names, attachments, rejected, failed }: CopiedAttachments): readonly string[] {
  const told = attachments.filter((one) => one.outcome !== 'copied' && one.outcome !== 'held');
  const lines = [
    ...told.map(({ location, outcome: put, message }) => `    ${put}  ${location}${explain(message)}`),
    ...rejected.map(
      ({ location, reasons }) => `    left out  ${location}: ${reasons[0]?.message ?? 'it does not verify'}`,
    ),
    ...failed.map(({ location, message }) => `    failed  ${location}: ${message}`),
  ];
  const isQuiet = lines.length === 0 && (outcome === 'complete' || outcome === 'absent' || outcome === 'unasked');
  return isQuiet ? [] : [`  ${outcome}  ${digest}  ${names.join(', ')}`.trimEnd(), ...lines];
}

function explain(message: string | undefined): string {
  return message === undefined ? '' : `: ${message}; --replace puts these signatures in its place`;
}

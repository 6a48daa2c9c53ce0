import { enterRelease, type GrowingRelease, type ReleaseReading } from './grow-releases.ts';
import { findDigests } from './patterns/pattern.ts';
import type { SaidReason, Statement } from './patterns/statement.ts';

/** The verdict of Signet that the current lines explain. */
export interface VerdictReading extends ReleaseReading {
  verdict: GrowingRelease | undefined;
}

/** What Signet said of an image, with its reasons. */
export function addVerdict(reading: VerdictReading, statement: Extract<Statement, { readonly kind: 'verdict' }>): void {
  const { state, image, digest, reasons, isCommand = false } = statement;
  const [first] = reasons;
  const same =
    image === '' && digest === undefined
      ? reading.releases.find((one) => one.digest === undefined && one.faults.has(first?.text ?? ''))
      : undefined;
  const release = same ?? enterRelease(reading, digest, image === '' ? undefined : image);
  release.image ??= image === '' ? undefined : image;
  release.states.add(state);
  for (const reason of reasons) addReason(release, reason);
  reading.verdict = isCommand ? release : undefined;
}

/** A reason on a line of its own is of the verdict above; alone it names no image. */
export function addVerdictReason(
  reading: VerdictReading,
  { reason, isNamed }: Extract<Statement, { readonly kind: 'verdict-reason' }>,
): void {
  if (reading.verdict !== undefined) addReason(reading.verdict, reason);
  else if (isNamed)
    addVerdict(reading, { kind: 'verdict', state: 'undecided', image: '', digest: undefined, reasons: [reason] });
}

/** What Signet's admission denied: codes in the text are reasons of it. */
export function addDenial(reading: VerdictReading, image: string, text: string): void {
  const release = enterRelease(reading, findDigests(image)[0], image === '' ? undefined : image);
  release.image ??= image === '' ? undefined : image;
  release.states.add('denied');
  release.faults.set(text, { fault: 'denied', text });
}

function addReason(release: GrowingRelease, { code, text }: SaidReason): void {
  release.faults.set(text, { fault: 'verdict', text, ...(code === '' ? {} : { code }) });
}

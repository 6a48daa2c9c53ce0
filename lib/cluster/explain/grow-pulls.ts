import type { PullFacts } from './explanation.ts';
import { findDigests } from './patterns/pattern.ts';
import type { Engine, Statement } from './patterns/statement.ts';

/** The facts about an image, as far as the text was read. */
export interface GrowingPull {
  image: string | undefined;
  deniedBy: Engine | undefined;
  readonly faults: PullFacts['faults'][number][];
}

/** The images so far, and the one that the current statement concerns. */
export interface PullReading {
  readonly pulls: GrowingPull[];
  pull: GrowingPull | undefined;
  /** The image that a tool said it would pull, on an earlier line. */
  attempt: GrowingPull | undefined;
  /** The admission policy that says why it denied. */
  engine: Engine | undefined;
}

/** Finds the image by name; without one it is another image each time. */
export function enterPull(reading: PullReading, image: string | undefined): GrowingPull {
  const known = image === undefined ? undefined : reading.pulls.find((one) => one.image === image);
  reading.pull = known ?? { image, deniedBy: undefined, faults: [] };
  if (known === undefined) reading.pulls.push(reading.pull);
  return reading.pull;
}

/** A fault without an image is of the image of its line, or of the one that was to be pulled. */
export function addPullFault(
  reading: PullReading,
  statement: Extract<Statement, { readonly kind: 'pull-fault' }>,
): void {
  const { fault, text, identity } = statement;
  const named = statement.image === '' ? undefined : statement.image;
  const image = named ?? (fault === 'rejected-by-policy' ? identity : undefined);
  const { faults } =
    (named === undefined ? reading.pull : undefined) ??
    (image === undefined ? (reading.attempt ?? enterPull(reading, undefined)) : enterPull(reading, image));
  if (faults.some((one) => one.text === text)) return;
  faults.push(
    identity === undefined || identity === '' || fault === 'rejected-by-policy'
      ? { fault, text }
      : { fault, text, identity },
  );
}

/** The words are Kyverno's, or policy-controller's, only behind its name. */
export function addEngineDenial(
  reading: PullReading,
  { by, image, text }: { readonly by: Engine; readonly image: string; readonly text: string },
): void {
  if (reading.engine !== by) return;
  const pull = enterPull(reading, image === '' ? undefined : image);
  pull.deniedBy = by;
  if (pull.faults.every((one) => one.text !== text)) pull.faults.push({ fault: 'denied', text });
}

/** The facts about each image that has a fault. */
export function listPullFacts(pulls: readonly GrowingPull[]): readonly PullFacts[] {
  return mergePulls(pulls)
    .filter(({ faults }) => faults.length > 0)
    .map(toPullFacts);
}

/** Several lines about one image are one, and so are lines that say the same of an image without a name. */
function mergePulls(pulls: readonly GrowingPull[]): readonly GrowingPull[] {
  const merged = new Map<string, GrowingPull>();
  for (const pull of pulls) {
    const key = JSON.stringify([pull.image ?? null, pull.image === undefined ? pull.faults : 0]);
    const known = merged.get(key);
    if (known === undefined) merged.set(key, pull);
    else known.faults.push(...pull.faults.filter(({ text }) => known.faults.every((one) => one.text !== text)));
  }
  return [...merged.values()];
}

function toPullFacts({ image, deniedBy, faults }: GrowingPull): PullFacts {
  const [digest] = findDigests(image ?? '');
  return {
    ...(image === undefined ? {} : { image }),
    ...(digest === undefined ? {} : { digest }),
    ...(deniedBy === undefined ? {} : { deniedBy }),
    faults,
  };
}

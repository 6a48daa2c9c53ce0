import type { Explanation } from './explanation.ts';
import { addEngineDenial, addPullFault, enterPull, listPullFacts, type PullReading } from './grow-pulls.ts';
import { currentRelease, enterRelease, type GrowingRelease, toReleaseFacts } from './grow-releases.ts';
import { addDenial, addVerdict, addVerdictReason, type VerdictReading } from './grow-verdicts.ts';
import { findDigests } from './patterns/pattern.ts';
import type { GateFacts, PassageContext, Statement } from './patterns/statement.ts';

/** The facts so far, and what the current statement concerns. */
interface Reading extends VerdictReading, PullReading {
  readonly gates: GateFacts[];
  /** What a tool said when it went on unverified; why follows on the same line. */
  copied: string | undefined;
}

/** The statements of one message, and what its object says. */
export interface ReadPassage {
  readonly statements: readonly Statement[];
  readonly context: PassageContext;
}

/** Groups statements by release and by image. The same digest is the same release. */
export function toFacts(passages: readonly ReadPassage[]): Pick<Explanation, 'releases' | 'pulls' | 'gates'> {
  const reading: Reading = { releases: [], pulls: [], gates: [], ...startPassage({}) };
  for (const { statements, context } of passages) {
    Object.assign(reading, startPassage(context));
    for (const statement of statements) read(reading, statement);
    finishCopy(reading);
  }
  const { releases, pulls, gates } = reading;
  return { releases: releases.map(toReleaseFacts), pulls: listPullFacts(pulls), gates };
}

function startPassage(context: PassageContext): Omit<Reading, 'releases' | 'pulls' | 'gates'> {
  return {
    context,
    release: undefined,
    pull: undefined,
    attempt: undefined,
    sync: undefined,
    engine: undefined,
    verdict: undefined,
    copied: undefined,
  };
}

function read(reading: Reading, statement: Statement): void {
  switch (statement.kind) {
    case 'line':
      finishCopy(reading);
      reading.release = undefined;
      reading.pull = undefined;
      return;
    case 'sync':
      reading.sync = { version: statement.version, release: undefined };
      return;
    case 'release':
      addState(reading, statement);
      return;
    case 'unverified': {
      const release = enterRelease(reading, statement.digest);
      addRefusal(reading, release);
      for (const keyring of statement.keyrings) release.keyrings.add(keyring);
      return;
    }
    case 'asked': {
      const { digest, asked } = statement;
      const release = digest === undefined ? currentRelease(reading) : enterRelease(reading, digest);
      release.asked.set(`${JSON.stringify(asked.place)} ${asked.answer} ${asked.text}`, asked);
      return;
    }
    case 'verifier': {
      const release = currentRelease(reading, statement.text);
      addRefusal(reading, release);
      release.faults.set(statement.text, { fault: statement.fault, text: statement.text });
      return;
    }
    case 'unverified-copy':
      reading.copied = statement.text;
      return;
    case 'download': {
      const { text, isRefused = false } = statement;
      const release = currentRelease(reading, text);
      release.states.delete('refused');
      release.states.delete('not-retrieved');
      release.states.add('not-downloaded');
      release.faults.set(text, { fault: isRefused ? 'pull-refused' : 'download', text });
      return;
    }
    case 'verdict':
      addVerdict(reading, statement);
      return;
    case 'verdict-reason':
      addVerdictReason(reading, statement);
      return;
    case 'verdict-attempt':
      return;
    case 'tool': {
      const { digest, image, text, fault } = statement;
      const same = reading.releases.find((one) => one.digest === digest && one.faults.has(text));
      const release = same ?? enterRelease(reading, digest, image);
      release.image ??= image;
      release.states.add('not-mirrored');
      release.faults.set(text, { fault, text });
      return;
    }
    case 'gate': {
      const { version, repository, text } = statement;
      const isKnown = reading.gates.some((one) => one.version === version && one.repository === repository);
      if (!isKnown) reading.gates.push({ version, repository, text });
      return;
    }
    case 'engine':
      reading.engine = statement.engine;
      return;
    case 'denied': {
      const { by, image, text } = statement;
      if (by === 'signet') addDenial(reading, image, text);
      else addEngineDenial(reading, { by, image, text });
      return;
    }
    case 'image':
      nameImage(reading, statement.image);
      return;
    case 'pull': {
      const pull = enterPull(reading, statement.image);
      if (statement.isAttempt === true) reading.attempt = pull;
      return;
    }
    case 'pull-fault':
      addPullFault(reading, statement);
      return;
    case 'known':
      return;
    default:
      throw new TypeError(`unknown statement ${JSON.stringify(statement satisfies never)}`);
  }
}

/** Words without an image are about the release of their object. */
function addState(reading: Reading, { image, version, state }: Extract<Statement, { readonly kind: 'release' }>): void {
  const isOfObject = version === '' || reading.context.version === undefined || version === reading.context.version;
  const named = image === '' && isOfObject ? reading.context.image : image === '' ? undefined : image;
  const release =
    named === undefined && (reading.release !== undefined || reading.sync?.release !== undefined)
      ? currentRelease(reading)
      : enterRelease(reading, findDigests(named ?? '')[0], named);
  release.image ??= named;
  if (version !== '') release.version ??= version;
  release.states.add(state);
}

/** The image field of a log line names the current release or pull, if it has no image yet. */
function nameImage({ release, pull }: Reading, image: string): void {
  if (pull !== undefined) pull.image ??= image;
  else if (release?.digest === findDigests(image)[0] && release !== undefined) release.image ??= image;
}

/** What was taken unverified is not refused. */
function addRefusal(reading: Reading, release: GrowingRelease): void {
  release.states.delete('not-retrieved');
  if (reading.copied !== undefined) release.states.add('unverified');
  else if (!release.states.has('forced')) release.states.add('refused');
  reading.copied = undefined;
}

/** A tool went on unverified, and its line does not say why. */
function finishCopy(reading: Reading): void {
  if (reading.copied === undefined) return;
  const text = reading.copied;
  reading.copied = undefined;
  const release = currentRelease(reading, text);
  release.states.add('unverified');
  release.faults.set(text, { fault: 'unverified', text });
}

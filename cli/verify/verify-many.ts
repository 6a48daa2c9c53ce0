import { InputError } from '../../lib/base/errors/input-error.ts';
import { type Pullspec, parsePullspec } from '../../lib/base/names/reference.ts';
import { type ReleaseName, toArchitecture } from '../../lib/mirror/graph/release-name.ts';
import { runAhead, type Turn } from '../../lib/platform/queues/run-bounded.ts';
import type { ReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { allOf } from '../../lib/verdict/judge/outcome.ts';
import { type OpenedDecisions, openDecisions } from '../open/decision.ts';
import { print, printResult, type ShownVerdict, styleOutcome, toPrintable } from '../shell/output.ts';
import { ExitStatus, toExitStatus } from '../shell/run-program.ts';
import { findNamedReleases, type NamedRelease, type VersionOptions } from './find-versions.ts';
import { type Asked, readAsked } from './read-asked.ts';
import { type PlacedVerdict, printAnswer, toJudgement, toVerdictStatus, type VerifyOptions } from './verify.ts';
import { toVersionVerdict } from './version-verdict.ts';

export interface VerifyManyOptions extends VerifyOptions, VersionOptions {
  readonly file?: string;
  readonly concurrency: number;
}

/** A pullspec to decide about, and the version that it was found by. */
interface Question {
  readonly pullspec: Pullspec;
  readonly release?: NamedRelease;
  /** The architectures that a signature may name, where the release has none; empty: any. */
  readonly wanted?: ReadonlySet<string>;
  /** Of the file that names it. */
  readonly line?: number | undefined;
}

/**
 * Decides about several pullspecs, about versions, or about every release of a channel: one line each, in their order.
 *
 * @returns the exit status: the worst of all
 */
export async function verifyMany(
  named: readonly string[],
  options: VerifyManyOptions,
  signal: AbortSignal,
): Promise<number> {
  const asked = await readAsked(named, options.file, signal);
  const isOne = named.length === 1 && options.file === undefined;
  if (options.as !== undefined && !isOne) throw new InputError('ArgumentInvalid', '--as is for one pullspec');
  const opened = await openDecisions(options);
  try {
    const questions = await toQuestions(asked, options, opened.trust, signal);
    const [first, ...more] = questions;
    if (isOne && first !== undefined && more.length === 0) {
      const answer = await answerOne(first, opened, signal);
      printAnswer(answer, options, opened.trust);
      return toVerdictStatus(answer, options);
    }
    if (options.as !== undefined) throw new InputError('ArgumentInvalid', '--as is for one release');
    return await answerAll(questions, options, opened, signal);
  } finally {
    opened.close();
  }
}

async function toQuestions(
  asked: readonly Asked[],
  options: VerifyManyOptions,
  trust: ReadyTrust,
  signal: AbortSignal,
): Promise<readonly Question[]> {
  const versions = asked.flatMap((one) => (one.kind === 'version' ? one.version : []));
  const isChannel = asked.length === 0;
  if (isChannel && options.channel.length + options.graph.length === 0) {
    throw new InputError(
      'ArgumentInvalid',
      'name a pullspec or a version, -f FILE, or --channel for all of its releases',
    );
  }
  if (versions.length === 0 && !isChannel) {
    if (options.graph.length + options.channel.length + options.arch.length > 0) {
      throw new InputError('ArgumentInvalid', '--graph, --channel and --arch are for versions');
    }
    return asked.flatMap((one) => (one.kind === 'pullspec' ? { pullspec: one.pullspec, line: one.line } : []));
  }
  const releases = await findNamedReleases(versions, options, trust, signal);
  const wanted = new Set(options.arch.map(toArchitecture));
  const isWanted = ({ architecture }: ReleaseName): boolean =>
    wanted.size === 0 || architecture === undefined || wanted.has(architecture);
  if (isChannel) {
    const all = releases.filter(isWanted);
    const isThere = (wantedOne: string): boolean =>
      all.some(({ architecture = wantedOne }) => architecture === wantedOne);
    const missing = [...wanted].filter((one) => !isThere(one));
    if (all.length === 0 || missing.length > 0) {
      const what = missing.length === 0 ? 'what was asked for' : missing.join(', ');
      throw new InputError('BodyInvalid', `the graph has no release of ${what}`);
    }
    return all.map((one) => toQuestion(one, wanted));
  }
  return asked.flatMap((one) => {
    if (one.kind === 'pullspec') return { pullspec: one.pullspec, line: one.line };
    const ofVersion = releases.filter(
      ({ version, isOutside }) =>
        isOutside === undefined && (version === one.version || version.startsWith(`${one.version}+`)),
    );
    return chooseReleases(one.version, ofVersion, isWanted, wanted).map((found) => toQuestion(found, wanted, one.line));
  });
}

function toQuestion(release: NamedRelease, wanted: ReadonlySet<string>, line?: number): Question {
  return { pullspec: parsePullspec(`${release.repository}@${release.digest}`), release, wanted, line };
}

/**
 * Each digest once; of each architecture that is named exactly one. @throws InputError where one is not there, or where
 * several are and nothing says which is meant
 */
function chooseReleases(
  version: string,
  ofVersion: readonly NamedRelease[],
  isWanted: (name: ReleaseName) => boolean,
  wanted: ReadonlySet<string>,
): readonly NamedRelease[] {
  const found = [...new Map(ofVersion.filter(isWanted).map((one) => [one.digest, one])).values()];
  const known = [...new Set(ofVersion.map(({ architecture }) => architecture ?? 'an unnamed architecture'))].join(', ');
  if (ofVersion.length === 0) {
    throw new InputError(
      'ArgumentInvalid',
      `no graph or mirror that was read has a release ${version}; name one with --graph`,
    );
  }
  const isMissing = (name: string): boolean => !found.some(({ architecture = name }) => architecture === name);
  if (found.length === 0 || [...wanted].some(isMissing)) {
    throw new InputError('ArgumentInvalid', `${version} is there for ${known} alone`);
  }
  const isOpen = wanted.size > 1 && found.some(({ architecture }) => architecture === undefined);
  if (isOpen || found.length > Math.max(1, wanted.size)) {
    // An architecture chooses between images of different ones alone.
    const isChosen = isOpen || new Set(found.map(({ architecture }) => architecture)).size === found.length;
    const remedy = isChosen
      ? `is there for ${known}: name one with --arch`
      : `is not one image: ${found.map(({ digest }) => digest).join(', ')}; ask for it by its pullspec`;
    throw new InputError('ArgumentInvalid', `${version} ${remedy}`);
  }
  return found;
}

async function answerOne(
  { pullspec, release, wanted = new Set() }: Question,
  { decide }: OpenedDecisions,
  signal: AbortSignal,
  turn?: Turn,
): Promise<ShownVerdict> {
  const decision = await decide(pullspec, signal, turn);
  if (release === undefined) return decision.verdict;
  const { version, architecture, from } = release;
  return { ...toVersionVerdict(decision, release, wanted), release: { version, architecture, from } };
}

async function answerAll(
  questions: readonly Question[],
  options: VerifyManyOptions,
  opened: OpenedDecisions,
  signal: AbortSignal,
): Promise<number> {
  const isText = options.output === 'text';
  const done = new Map<number, ShownVerdict>();
  let shown = 0;
  const answers = await runAhead([...questions.entries()], options.concurrency, async ([at, question], turn) => {
    const answer = await answerOne(question, opened, signal, turn);
    done.set(at, answer);
    if (!isText) return answer;
    for (let next = done.get(shown); next !== undefined; next = done.get(++shown)) print(formatLine(next));
    return answer;
  });
  const outcome = allOf(answers.map((answer) => answer.outcome));
  if (!isText) {
    const result = { kind: 'Verdicts', outcome, verdicts: answers };
    printResult(
      options.output,
      result,
      () => '',
      () => toJudgement(toPlaced(answers, questions, options), options),
    );
  }
  const isForced = options.failOnForced === true && answers.some(({ forced }) => forced);
  return isForced ? ExitStatus.rejected : toExitStatus(outcome);
}

function toPlaced(
  answers: readonly ShownVerdict[],
  questions: readonly Question[],
  { file }: VerifyManyOptions,
): readonly PlacedVerdict[] {
  return answers.map((verdict, at) => {
    const line = questions[at]?.line;
    return { verdict, line, file: line === undefined ? undefined : file };
  });
}

/** `accepted  PULLSPEC`, with the version that it was found by, and why not. */
function formatLine({ outcome, forced, pullspec, release, reasons }: ShownVerdict): string {
  const { version, architecture } = release ?? {};
  const name = [version, architecture].filter((part) => part !== undefined).join(' ');
  const why = reasons[0] === undefined ? '' : `  ${reasons[0].code}: ${reasons[0].message}`;
  const said = `${styleOutcome(outcome)}${forced ? ' (forced)' : ''}`;
  return said + toPrintable(`${name === '' ? '' : `  ${name}`}  ${pullspec}${why}`);
}

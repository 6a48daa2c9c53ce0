import type { ComponentChildren, JSX } from 'preact';
import type { Verdict } from '../api/answers.ts';
import { type Outcome, toKnownOutcome, toSentence } from '../text/phrases.ts';
import { Note } from './notes.tsx';
import { OutcomeLabel } from './outcome.tsx';
import { Pullspec } from './words.tsx';

/** Whole class names: the build leaves out the styles of those that no source names. */
const STYLES: Readonly<Record<Outcome, string>> = {
  accepted: 'sg-answer-accepted',
  rejected: 'sg-answer-rejected',
  indeterminate: 'sg-answer-indeterminate',
};

interface AnswerProps {
  readonly verdict: Verdict;
  /** Whether it is what the whole page is about. */
  readonly level: 'page' | 'part';
  readonly children?: ComponentChildren;
}

/** The answer in one sentence, and what to do. */
export function Answer({ verdict, level, children }: AnswerProps): JSX.Element {
  const { forced, reasons, pullspec } = verdict;
  const outcome = toKnownOutcome(verdict.outcome);
  const sentence = toSentence(
    outcome,
    forced,
    reasons.map(({ code }) => code),
  );
  const remedies = [...new Set(reasons.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy])))];
  return (
    <div class={`sg-answer ${forced ? 'sg-answer-forced' : STYLES[outcome]}`} data-answer={outcome}>
      <div class="sg-answer__head">
        <OutcomeLabel outcome={outcome} forced={forced} />
        {level === 'page' ? (
          <h1 class="pf-v6-c-title pf-m-2xl" tabIndex={-1} data-heading>
            {sentence}
          </h1>
        ) : (
          <h2 class="pf-v6-c-title pf-m-xl">{sentence}</h2>
        )}
      </div>
      <p>
        <Pullspec text={pullspec} />
      </p>
      {outcome === 'indeterminate' && (
        <p>The evidence could not be had: do not go on with this release, and ask again.</p>
      )}
      {reasons.length > 0 && (
        <ul class="sg-list">
          {reasons.map(({ code, message }) => (
            <li key={`${code} ${message}`}>{message}</li>
          ))}
        </ul>
      )}
      {remedies.length > 0 && (
        <Note tone="info" title="What to do">
          <ul class="sg-list">
            {remedies.map((remedy) => (
              <li key={remedy}>{remedy}</li>
            ))}
          </ul>
        </Note>
      )}
      {children}
    </div>
  );
}

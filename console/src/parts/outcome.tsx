import type { JSX } from 'preact';
import { type Outcome, toKnownOutcome, toOutcomeWord } from '../text/phrases.ts';
import { Icon, type IconName } from './icons.tsx';

const COLOURS: Readonly<Record<Outcome, string>> = {
  accepted: 'pf-m-success',
  rejected: 'pf-m-danger',
  indeterminate: 'pf-m-warning',
};

/** A word, a shape and a colour, so that none is the only sign. */
export function OutcomeLabel({
  outcome: given,
  forced,
}: {
  readonly outcome: Outcome;
  readonly forced: boolean;
}): JSX.Element {
  const outcome = toKnownOutcome(given);
  return (
    <span class="sg-outcome" data-outcome={outcome}>
      <Mark icon={outcome} colour={forced ? '' : COLOURS[outcome]} text={toOutcomeWord(outcome)} />
      {forced && <ForcedMark />}
    </span>
  );
}

/** Accepted against the evidence: striped, in capitals, in no other colour on the page. */
function ForcedMark(): JSX.Element {
  return (
    <span class="sg-forced">
      <Icon name="forced" /> FORCED
    </span>
  );
}

interface MarkProps {
  readonly icon: IconName;
  readonly colour?: string;
  readonly text: string;
}

/** A small label. */
export function Mark({ icon, colour = '', text }: MarkProps): JSX.Element {
  return (
    <span class={`pf-v6-c-label pf-m-outline pf-m-compact ${colour}`}>
      <span class="pf-v6-c-label__content">
        <span class="pf-v6-c-label__icon">
          <Icon name={icon} />
        </span>
        <span class="pf-v6-c-label__text">{text}</span>
      </span>
    </span>
  );
}

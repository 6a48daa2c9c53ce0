import type { ComponentChildren, JSX } from 'preact';
import type { Attempt, PolicyResult, Reason, Verdict } from '../api/answers.ts';
import type { Outcome } from '../text/phrases.ts';
import { formatCount, shortenPullspec } from '../text/shorten.ts';
import { ABSENT, AttemptList } from './attempts.tsx';
import { Icon, type IconName } from './icons.tsx';
import { OutcomeLabel } from './outcome.tsx';
import { Hex } from './words.tsx';

type StepState = 'success' | 'danger' | 'warning' | 'pending' | 'info';

/** Whole class names: the build leaves out the styles of those that no source names. */
const STEPS: Readonly<Record<StepState, { readonly icon: IconName; readonly word: string; readonly style: string }>> = {
  success: { icon: 'accepted', word: 'met', style: 'pf-m-success' },
  danger: { icon: 'rejected', word: 'not met', style: 'pf-m-danger' },
  warning: { icon: 'indeterminate', word: 'no answer', style: 'pf-m-warning' },
  pending: { icon: 'pending', word: 'nothing there', style: 'pf-m-pending' },
  info: { icon: 'info', word: '', style: 'pf-m-info' },
};
/** Reasons by which the pullspec policy alone rejects: then nothing was contacted. */
const PULLSPEC_CODES = ['DigestMissing', 'RepositoryNotCanonical'];
const BROKEN = ['StoreUnavailable', 'LimitExceeded', 'TrustStale'];

/** A decision as it came about: the pullspec policy, each place, each signature, each requirement, each image. */
export function Story({
  verdict,
  asked,
}: {
  readonly verdict: Verdict;
  readonly asked?: ComponentChildren;
}): JSX.Element {
  const { attempts, policies = [], images = [], reasons, warnings } = verdict;
  const byPullspec = reasons.filter(({ code }) => PULLSPEC_CODES.includes(code));
  const ofPullspec = warnings.filter(({ code }) => PULLSPEC_CODES.includes(code));
  const others = warnings.filter(({ code }) => !PULLSPEC_CODES.includes(code));
  const isStopped = byPullspec.length > 0 && attempts.length === 0;
  const stores = groupByStore(attempts);
  return (
    <ol class="pf-v6-c-progress-stepper pf-m-vertical sg-story">
      {asked !== undefined && (
        <Step state="info" title="Asked">
          {asked}
        </Step>
      )}
      <Step state={byPullspec.length > 0 ? 'danger' : 'success'} title="Pullspec policy">
        {byPullspec.length === 0 ? (
          <p>
            It names a digest in a repository of profile {verdict.profile}
            {verdict.mode === 'warn' ? ' (the profile warns only)' : ''}.
          </p>
        ) : (
          <Reasons reasons={byPullspec} />
        )}
        {isStopped && <p class="sg-subtle">It ended here: no store and no registry was contacted.</p>}
        {ofPullspec.length > 0 && <Reasons reasons={ofPullspec} />}
      </Step>
      {stores.map(({ store, tried }) => (
        <Step
          key={store}
          state={toStoreState(tried)}
          {...toStoreWord(tried)}
          title={<>Asked {store === 'mirror' ? 'the mirror' : <code>{store}</code>}</>}
        >
          <AttemptList attempts={tried} />
        </Step>
      ))}
      {policies.map((policy) => (
        <Step
          key={`${policy.document} ${policy.scope} ${policy.image}`}
          state={toState(policy.outcome)}
          title={
            <>
              Policy <code>{policy.document}</code>
            </>
          }
        >
          <Policy policy={policy} />
        </Step>
      ))}
      {images.length > 0 && (
        <Step state={toState(verdict.forced ? 'indeterminate' : verdict.outcome)} title="Images of the index">
          <ul class="sg-list">
            {images.map(({ digest, platforms, outcome }) => (
              <li key={digest}>
                {outcome === undefined ? 'not run by any node' : <OutcomeLabel outcome={outcome} forced={false} />}{' '}
                {platforms.join(', ')} <Hex text={digest} what="digest" />
              </li>
            ))}
          </ul>
        </Step>
      )}
      <Step state={toState(verdict.forced ? 'indeterminate' : verdict.outcome)} title="Decision" word="">
        <OutcomeLabel outcome={verdict.outcome} forced={verdict.forced} />
        {verdict.forced && <p>Somebody chose to go on against the reasons above. The evidence did not change.</p>}
        {others.length > 0 && <Reasons reasons={others} />}
      </Step>
    </ol>
  );
}

interface StepProps {
  readonly state: StepState;
  readonly title: ComponentChildren;
  /** Instead of the usual word of the state. */
  readonly word?: string;
  readonly children: ComponentChildren;
}

function Step({ state, title, word, children }: StepProps): JSX.Element {
  const { icon, word: usual, style } = STEPS[state];
  const said = word ?? usual;
  return (
    <li class={`pf-v6-c-progress-stepper__step ${style}`} data-step={state}>
      <div class="pf-v6-c-progress-stepper__step-connector">
        <span class="pf-v6-c-progress-stepper__step-icon">
          <Icon name={icon} />
        </span>
      </div>
      <div class="pf-v6-c-progress-stepper__step-main">
        <div class="pf-v6-c-progress-stepper__step-title">
          {title} {said !== '' && <span class="sg-subtle">– {said}</span>}
        </div>
        <div class="pf-v6-c-progress-stepper__step-description">{children}</div>
      </div>
    </li>
  );
}

function Reasons({ reasons }: { readonly reasons: readonly Reason[] }): JSX.Element {
  return (
    <ul class="sg-list">
      {reasons.map(({ code, message }) => (
        <li key={`${code} ${message}`}>
          <strong>{code}</strong>: {message}
        </li>
      ))}
    </ul>
  );
}

function Policy({ policy }: { readonly policy: PolicyResult }): JSX.Element {
  return (
    <>
      <p>
        {formatCount(policy.requirements.length, 'requirement')} for scope <code>{policy.scope}</code>, image{' '}
        <code title={policy.image}>{shortenPullspec(policy.image)}</code>
      </p>
      <ul class="sg-list">
        {policy.requirements.map(({ requirement, outcome, reasons }, index) => (
          <li key={index}>
            <OutcomeLabel outcome={outcome} forced={false} /> {requirement}
            {reasons.length > 0 && <Reasons reasons={reasons} />}
          </li>
        ))}
      </ul>
    </>
  );
}

function groupByStore(
  attempts: readonly Attempt[],
): readonly { readonly store: string; readonly tried: readonly Attempt[] }[] {
  const groups = new Map<string, Attempt[]>();
  for (const attempt of attempts) groups.set(attempt.store, [...(groups.get(attempt.store) ?? []), attempt]);
  return [...groups].map(([store, tried]) => ({ store, tried }));
}

function toStoreState(attempts: readonly Attempt[]): StepState {
  if (attempts.some(({ code }) => code === 'Verified')) return 'success';
  if (attempts.some(({ code }) => BROKEN.includes(code))) return 'warning';
  return attempts.every(({ code }) => code === ABSENT) ? 'pending' : 'danger';
}

function toStoreWord(attempts: readonly Attempt[]): { readonly word?: string } {
  const words: Partial<Record<StepState, string>> = {
    success: 'a signature that verifies',
    danger: 'signatures that do not verify',
  };
  const word = words[toStoreState(attempts)];
  return word === undefined ? {} : { word };
}

function toState(outcome: Outcome): StepState {
  return outcome === 'accepted' ? 'success' : outcome === 'rejected' ? 'danger' : 'warning';
}

import type { ComponentChildren, JSX } from 'preact';
import type { Fault } from '../api/ask.ts';
import { Icon, type IconName } from './icons.tsx';

type Tone = 'info' | 'success' | 'warning' | 'danger';

/** Whole class names: the build leaves out the styles of those that no source names. */
const TONES: Readonly<Record<Tone, { readonly icon: IconName; readonly word: string; readonly style: string }>> = {
  info: { icon: 'info', word: 'Note', style: 'pf-m-info' },
  success: { icon: 'accepted', word: 'Good', style: 'pf-m-success' },
  warning: { icon: 'warning', word: 'Warning', style: 'pf-m-warning' },
  danger: { icon: 'rejected', word: 'Error', style: 'pf-m-danger' },
};

interface NoteProps {
  readonly tone: Tone;
  readonly title: ComponentChildren;
  readonly children?: ComponentChildren;
  /** Said by readers of screens at once. */
  readonly isNews?: boolean;
}

/** A message in the place that it is about. */
export function Note({ tone, title, children, isNews = false }: NoteProps): JSX.Element {
  const { icon, word, style } = TONES[tone];
  return (
    <div class={`pf-v6-c-alert pf-m-inline ${style}`} {...(isNews ? { role: 'status' } : {})}>
      <div class="pf-v6-c-alert__icon">
        <Icon name={icon} />
      </div>
      <p class="pf-v6-c-alert__title">
        <span class="pf-v6-screen-reader">{word}:</span> {title}
      </p>
      {children !== undefined && <div class="pf-v6-c-alert__description">{children}</div>}
    </div>
  );
}

/** Why something cannot be shown: in the service's own words. */
export function FaultNote({ fault, what }: { readonly fault: Fault; readonly what: string }): JSX.Element {
  const tone = fault.status === 0 || fault.status >= 500 ? 'danger' : 'warning';
  return (
    <Note tone={tone} title={`${what} cannot be shown`} isNews>
      <p>{fault.detail}</p>
      <p class="sg-subtle">
        {fault.status === 0 ? 'It is tried again until it answers.' : `${fault.code}, HTTP ${fault.status}`}
      </p>
    </Note>
  );
}

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** Says what would be here, and how to get it. */
export function Empty({ icon, title, children }: EmptyProps): JSX.Element {
  return (
    <div class="pf-v6-c-empty-state sg-empty">
      <div class="pf-v6-c-empty-state__content">
        <div class="pf-v6-c-empty-state__header">
          <div class="pf-v6-c-empty-state__icon">
            <Icon name={icon} />
          </div>
          <div class="pf-v6-c-empty-state__title">
            <p class="pf-v6-c-empty-state__title-text">{title}</p>
          </div>
        </div>
        <div class="pf-v6-c-empty-state__body">{children}</div>
      </div>
    </div>
  );
}

/** Holds the place of lines that are being read; it shows itself only where that takes a while. */
export function Skeleton({ lines }: { readonly lines: number }): JSX.Element {
  return (
    <div class="sg-skeleton" role="status">
      <span class="pf-v6-screen-reader">Loading</span>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} class="pf-v6-c-skeleton" />
      ))}
    </div>
  );
}

import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useNow } from '../state/use-now.ts';
import type { Resource } from '../state/use-resource.ts';
import { formatDuration } from '../text/times.ts';

interface HeaderProps {
  readonly title: string;
  /** One sentence: what this view answers. */
  readonly says?: ComponentChildren;
  readonly status?: ComponentChildren;
  readonly actions?: ComponentChildren;
}

/** The head of a view. The heading takes the focus when the view is come to. */
export function PageHeader({ title, says, status, actions }: HeaderProps): JSX.Element {
  return (
    <header class="sg-header">
      <div class="sg-header__main">
        <h1 class="pf-v6-c-title pf-m-2xl" tabIndex={-1} data-heading>
          {title}
        </h1>
        {status}
        {actions !== undefined && <div class="sg-header__actions">{actions}</div>}
      </div>
      {says !== undefined && <p class="sg-subtle">{says}</p>}
    </header>
  );
}

interface CardProps {
  readonly title: ComponentChildren;
  readonly children: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly name?: string;
}

export function Card({ title, children, actions, name }: CardProps): JSX.Element {
  return (
    <section class="pf-v6-c-card sg-card" {...(name === undefined ? {} : { 'data-card': name })}>
      <div class="pf-v6-c-card__header">
        {actions !== undefined && <div class="pf-v6-c-card__actions">{actions}</div>}
        <div class="pf-v6-c-card__header-main">
          <div class="pf-v6-c-card__title">
            <h2 class="pf-v6-c-card__title-text">{title}</h2>
          </div>
        </div>
      </div>
      <div class="pf-v6-c-card__body">{children}</div>
    </section>
  );
}

/** Milliseconds after which what is shown says its age. */
const OLD_MS = 60_000;

/** Says how old a card's or table's content is once it is older than a minute. Its place is kept. */
export function Age({ of: { readAt } }: { readonly of: Resource<unknown> }): JSX.Element {
  const now = useNow();
  const age = readAt === undefined ? 0 : now - readAt;
  return <span class="sg-age">{age > OLD_MS ? `as of ${formatDuration(age / 1000)} ago` : ''}</span>;
}

interface ChartProps {
  readonly title: string;
  readonly name: string;
  readonly chart: ComponentChildren;
  readonly table: ComponentChildren;
  readonly foot?: ComponentChildren;
}

/** A chart in a card; a switch shows its table in its place. */
export function ChartCard({ title, name, chart, table, foot }: ChartProps): JSX.Element {
  const [isTable, setTable] = useState(false);
  const id = `switch-${name}`;
  const toggle = (
    <label class="pf-v6-c-switch sg-switch" for={id}>
      <input
        class="pf-v6-c-switch__input"
        type="checkbox"
        role="switch"
        id={id}
        aria-label={`${title} as a table`}
        checked={isTable}
        aria-checked={isTable}
        onChange={() => setTable(!isTable)}
      />
      <span class="pf-v6-c-switch__toggle" />
      <span class="pf-v6-c-switch__label" aria-hidden="true">
        Table
      </span>
    </label>
  );
  return (
    <Card title={title} name={name} actions={toggle}>
      {isTable ? table : chart}
      {foot !== undefined && <p class="sg-subtle">{foot}</p>}
    </Card>
  );
}

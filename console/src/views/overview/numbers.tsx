import type { JSX } from 'preact';
import type { DayCounts, Overview } from '../../api/answers.ts';
import { Trend } from '../../charts/days.tsx';
import { Icon, type IconName } from '../../parts/icons.tsx';
import { formatAddress } from '../../text/address.ts';
import { formatCount } from '../../text/shorten.ts';

interface NumbersProps {
  /** Oldest first; the last one is today. */
  readonly days: readonly DayCounts[];
  readonly overview: Overview | undefined;
}

/** Four numbers with their trend; each leads to what it counts. */
export function Numbers({ days, overview }: NumbersProps): JSX.Element {
  const today = days.at(-1);
  const since = today?.day;
  const isCounted = overview?.decisions.days !== undefined;
  const queues = overview?.queues ?? [];
  const waiting = queues.reduce((sum, queue) => sum + (queue.waiting ?? 0), 0);
  const dead = queues.reduce((sum, queue) => sum + (queue.deadLetters?.count ?? 0), 0);
  const faults = queues.filter(({ fault }) => fault !== undefined).length;
  const decided = days.map(({ accepted, rejected, indeterminate }) => accepted + rejected + indeterminate);
  const rejected = days.map((day) => day.rejected);
  const open = days.map((day) => day.indeterminate);
  const show = (values: readonly number[]): number | undefined => (isCounted ? values.at(-1) : undefined);
  return (
    <div class="sg-numbers">
      <Figure name="Decided today" icon="info" value={show(decided)} to={formatAddress('decisions', '', { since })}>
        <Trend values={decided} label={`Decided by day: ${decided.join(', ')}`} />
      </Figure>
      <Figure
        name="Rejected today"
        icon="rejected"
        value={show(rejected)}
        to={formatAddress('decisions', '', { since, outcome: 'rejected' })}
      >
        <Trend values={rejected} label={`Rejected by day: ${rejected.join(', ')}`} />
      </Figure>
      <Figure
        name="Not decided today"
        icon="indeterminate"
        value={show(open)}
        to={formatAddress('decisions', '', { since, outcome: 'indeterminate' })}
      >
        <Trend values={open} label={`Not decided by day: ${open.join(', ')}`} />
      </Figure>
      <Figure
        name="Waiting in queues"
        icon="pending"
        value={overview === undefined || (queues.length > 0 && faults === queues.length) ? undefined : waiting}
        to={formatAddress('queues')}
      >
        <span class={dead > 0 ? 'sg-alarm' : 'sg-subtle'}>
          {overview === undefined ? '' : dead > 0 ? formatCount(dead, 'dead letter') : 'no dead letters'}
          {faults > 0 && `, ${formatCount(faults, 'queue')} not read`}
        </span>
      </Figure>
    </div>
  );
}

interface FigureProps {
  readonly name: string;
  readonly icon: IconName;
  /** Undefined: not known, or not yet. */
  readonly value: number | undefined;
  readonly to: string;
  readonly children: JSX.Element;
}

function Figure({ name, icon, value, to, children }: FigureProps): JSX.Element {
  return (
    <a class="pf-v6-c-card sg-figure" href={to} data-figure={name}>
      <span class="sg-figure__name">
        <Icon name={icon} /> {name}
      </span>
      <span class="sg-figure__value">{value === undefined ? '–' : value.toLocaleString('en-US')}</span>
      <span class="sg-figure__trend">{children}</span>
    </a>
  );
}

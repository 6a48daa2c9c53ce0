import type { JSX } from 'preact';
import type { DecisionPage, Overview, ProfileState } from '../../api/answers.ts';
import { CoverageCharts } from '../../charts/coverage.tsx';
import { DayBars, DayTable, fillDays } from '../../charts/days.tsx';
import { type ExpiringKey, KeyLines, KeyTable } from '../../charts/keys.tsx';
import { Age, Card, ChartCard } from '../../parts/frame.tsx';
import { FaultNote, Note, Skeleton } from '../../parts/notes.tsx';
import { Mark } from '../../parts/outcome.tsx';
import { Code, Hex, Time } from '../../parts/words.tsx';
import { useNow } from '../../state/use-now.ts';
import { type Resource, useResource } from '../../state/use-resource.ts';
import { formatAddress } from '../../text/address.ts';
import { formatCount } from '../../text/shorten.ts';
import { listDays } from '../../text/times.ts';
import { Field } from '../check/field.tsx';
import { DecisionTable, NoDecisions } from '../decisions/table.tsx';
import { Numbers } from './numbers.tsx';

const DAYS = 14;
const LATEST = 10;

/** The first view: what an operator looks at before an update. */
export function OverviewView(): JSX.Element {
  const overview = useResource<Overview>(`/v1/overview?days=${DAYS}`);
  const latest = useResource<DecisionPage>(`/v1/verdicts?limit=${LATEST}`);
  const now = useNow();
  const { value, fault } = overview;
  const days = fillDays(listDays(DAYS, now), value?.decisions.days ?? []);
  return (
    <div class="sg-overview">
      <h1 class="pf-v6-screen-reader" tabIndex={-1} data-heading>
        Overview
      </h1>
      <div class="sg-overview__top">
        <div class="sg-profiles" data-card="profiles">
          {value === undefined ? (
            <Skeleton lines={2} />
          ) : (
            value.profiles.map((one) => <Profile key={one.profile} state={one} />)
          )}
        </div>
        <Field id="field" />
      </div>
      {fault !== undefined && value === undefined && <FaultNote fault={fault} what="The overview" />}
      <Numbers days={days} overview={value} />
      <div class="sg-overview__charts">
        <ChartCard
          title="Decisions of the last 14 days"
          name="days"
          chart={<DayBars days={days} />}
          table={<DayTable days={days} />}
          foot={toDayFoot(overview)}
        />
        <CoverageCards overview={value} />
        <KeysCard profiles={value?.profiles} now={now} />
      </div>
      <Card title="Last decisions" name="latest" actions={<Age of={latest} />}>
        <Latest latest={latest} />
      </Card>
    </div>
  );
}

function toDayFoot({ value, readAt }: Resource<Overview>): JSX.Element | undefined {
  const { fault, scannedUntil, isIncomplete } = value?.decisions ?? {};
  if (fault !== undefined) return <>The decisions could not be counted: {fault}</>;
  if (scannedUntil !== undefined) return <>There are too many to count: those before {scannedUntil} are left out.</>;
  if (isIncomplete === true) return <>Older records are still being listed.</>;
  return readAt === undefined ? undefined : <Age of={{ readAt, isReading: false }} />;
}

const STATES = {
  ready: { icon: 'accepted', colour: 'pf-m-success', word: 'ready' },
  stale: { icon: 'warning', colour: 'pf-m-warning', word: 'stale: nothing is decided by it' },
  unreadable: { icon: 'rejected', colour: 'pf-m-danger', word: 'unreadable: nothing is decided by it' },
} as const;

function Profile({ state }: { readonly state: ProfileState }): JSX.Element {
  const { profile, revision, refreshedAt, keyExpiresInDays, mode } = state;
  const { icon, colour, word } =
    state.state === 'ready' || state.state === 'stale' ? STATES[state.state] : STATES.unreadable;
  return (
    <div class="sg-profile">
      <div class="sg-profile__name">
        <a href={formatAddress('trust', '', { profile })}>{profile}</a> <Mark icon={icon} colour={colour} text={word} />
        {mode === 'warn' && <Mark icon="warning" colour="pf-m-warning" text="warns only" />}
      </div>
      <dl class="sg-profile__facts">
        <div>
          <dt>Trust revision</dt>
          <dd>{revision === undefined ? '–' : <Hex text={revision} what="trust revision" />}</dd>
        </div>
        <div>
          <dt>Read</dt>
          <dd>
            <Time at={refreshedAt} />
          </dd>
        </div>
        <div>
          <dt>Next key expiry</dt>
          <dd>{formatExpiry(keyExpiresInDays)}</dd>
        </div>
      </dl>
    </div>
  );
}

function formatExpiry(days: number | undefined): string {
  if (days === undefined) return 'never';
  return days < 0 ? `${formatCount(-days, 'day')} ago` : `in ${formatCount(days, 'day')}`;
}

function CoverageCards({ overview }: { readonly overview: Overview | undefined }): JSX.Element {
  const mirrors = overview?.mirror ?? [];
  const isFollowed = mirrors.some(({ minors = [] }) => minors.length > 0);
  const faults = mirrors.flatMap(({ profile, fault }) => (fault === undefined ? [] : [`${profile}: ${fault}`]));
  if (isFollowed && faults.length === 0) return <CoverageCharts mirrors={mirrors} />;
  return (
    <>
      <CoverageCharts mirrors={mirrors} />
      <Card title="Mirror coverage" name="no-coverage">
        {overview === undefined ? (
          <Skeleton lines={5} />
        ) : faults.length > 0 ? (
          <Note tone="warning" title="It could not be read">
            {faults.join('; ')}
          </Note>
        ) : (
          <>
            <p>
              No update graph is followed: the mirror holds what was asked for. With one it has each release before it
              is needed.
            </p>
            <Code what="command" text="npm start -- --graph PROFILE=URL --graph-channel stable-4.16" />
          </>
        )}
      </Card>
    </>
  );
}

function KeysCard({
  profiles,
  now,
}: {
  readonly profiles: readonly ProfileState[] | undefined;
  readonly now: number;
}): JSX.Element {
  const keys: readonly ExpiringKey[] = (profiles ?? []).flatMap(({ profile, keyrings = [] }) =>
    keyrings.flatMap(({ name, keys: held }) =>
      held.filter(({ maySign }) => maySign).map((key) => ({ ...key, profile, keyring: name })),
    ),
  );
  if (keys.length === 0) {
    return (
      <Card title="Keys until their expiry" name="keys">
        {profiles === undefined ? <Skeleton lines={4} /> : <p>No profile has a key that may sign.</p>}
      </Card>
    );
  }
  return (
    <ChartCard
      title="Keys until their expiry"
      name="keys"
      chart={<KeyLines keys={keys} now={now} />}
      table={<KeyTable keys={keys} now={now} />}
    />
  );
}

function Latest({ latest: { value, fault } }: { readonly latest: Resource<DecisionPage> }): JSX.Element {
  if (value === undefined) {
    return fault === undefined ? <Skeleton lines={LATEST} /> : <FaultNote fault={fault} what="The list" />;
  }
  if (value.verdicts.length === 0) {
    return <NoDecisions />;
  }
  return <DecisionTable label="Last decisions" rows={value.verdicts} isShort />;
}

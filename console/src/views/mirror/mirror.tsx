import type { JSX } from 'preact';
import type { Overview } from '../../api/answers.ts';
import type { MirrorPage } from '../../api/release-answers.ts';
import { CoverageCharts } from '../../charts/coverage.tsx';
import { Age, Card, PageHeader } from '../../parts/frame.tsx';
import { Empty, FaultNote, Skeleton } from '../../parts/notes.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Clipped, Code, Hex, Time } from '../../parts/words.tsx';
import { useResource } from '../../state/use-resource.ts';
import { formatAddress, type Query, toSearch } from '../../text/address.ts';
import { toReasons } from '../../text/phrases.ts';
import { formatCount } from '../../text/shorten.ts';
import { Bundles } from './bundles.tsx';

const STATES = [
  { state: 'held', word: 'Held' },
  { state: 'quarantined', word: 'Quarantined' },
  { state: 'waiting', word: 'Waiting' },
] as const;
type State = (typeof STATES)[number]['state'];
type Entry = MirrorPage['entries'][number];

/** What the mirror holds, what it took out, what it still looks for, and its bundles. */
export function MirrorView({ query }: { readonly query: Query }): JSX.Element {
  const overview = useResource<Overview>('/v1/overview?days=14');
  const waiting = overview.value?.queues.find(({ name }) => name === 'mirror')?.waiting ?? 0;
  return (
    <>
      <PageHeader
        title="Mirror"
        says={`Signatures that verify, kept within reach of clusters. ${waiting === 0 ? 'Nothing waits to be mirrored.' : `${formatCount(waiting, 'digest')} waiting to be mirrored.`}`}
        status={<Age of={overview} />}
      />
      <CoverageCharts mirrors={overview.value?.mirror ?? []} />
      <div class="sg-columns">
        <Entries query={query} />
        <Bundles query={query} profiles={overview.value?.profiles.map(({ profile }) => profile) ?? []} />
      </div>
    </>
  );
}

function Entries({ query }: { readonly query: Query }): JSX.Element {
  const state: State = STATES.find((one) => one.state === query['state'])?.state ?? 'held';
  const after = query['after'];
  const path = `/v1/mirror?${toSearch({ state, limit: '50', after })}`;
  const { value, fault } = useResource<MirrorPage>(path);
  const to = (changed: Readonly<Record<string, string | undefined>>): string =>
    formatAddress('mirror', '', { bundle: query['bundle'], ...changed });
  return (
    <Card title="In the mirror" name="entries">
      <nav class="sg-tabs" aria-label="State of what is mirrored">
        {STATES.map((one) => (
          <a
            key={one.state}
            class={`pf-v6-c-button ${one.state === state ? 'pf-m-primary' : 'pf-m-secondary'}`}
            href={to({ state: one.state })}
            aria-current={one.state === state ? 'page' : undefined}
          >
            {one.word}
          </a>
        ))}
      </nav>
      {value === undefined ? (
        fault === undefined ? (
          <Skeleton lines={8} />
        ) : (
          <FaultNote fault={fault} what="The mirror" />
        )
      ) : value.entries.length === 0 ? (
        <Nothing state={state} isFirst={after === undefined} />
      ) : (
        <Table label={`${state} in the mirror`} rows={value.entries} toKey={toKey} columns={COLUMNS[state]} />
      )}
      {(after !== undefined || value?.next !== undefined) && (
        <nav class="sg-pages" aria-label="Pages of the mirror">
          {after !== undefined && (
            <a class="pf-v6-c-button pf-m-secondary" href={to({ state })}>
              First
            </a>
          )}
          {value?.next !== undefined && (
            <a class="pf-v6-c-button pf-m-secondary" href={to({ state, after: value.next })}>
              More
            </a>
          )}
        </nav>
      )}
    </Card>
  );
}

function toKey({ digest, location, key, profile = '', quarantinedAt = '' }: Entry): string {
  return `${digest ?? ''} ${location ?? key ?? ''} ${profile} ${quarantinedAt}`;
}

const DIGEST: Column<Entry> = {
  name: 'Digest',
  cell: ({ digest, key = '', profile }) =>
    digest === undefined ? (
      <Clipped text={key} max={48} />
    ) : (
      <>
        <a href={formatAddress('releases', digest, { profile })}>Release</a> <Hex text={digest} what="digest" />
      </>
    ),
};

const COLUMNS: Readonly<Record<State, readonly Column<Entry>[]>> = {
  held: [DIGEST],
  quarantined: [
    DIGEST,
    { name: 'Taken out', cell: ({ quarantinedAt }) => <Time at={quarantinedAt} /> },
    {
      name: 'Why',
      cell: (entry) => <Clipped text={toReasons(entry)} max={120} />,
    },
  ],
  waiting: [
    DIGEST,
    { name: 'Profile', cell: ({ profile }) => profile },
    {
      name: 'State',
      cell: ({ outcome, times = 0, fault }) =>
        fault ?? `${outcome ?? 'not known'}, looked for ${formatCount(times, 'time')}`,
    },
    { name: 'Next', cell: ({ nextAt }) => <Time at={nextAt} /> },
  ],
};

function Nothing({ state, isFirst }: { readonly state: State; readonly isFirst: boolean }): JSX.Element {
  if (!isFirst) return <p>There is no more.</p>;
  if (state === 'quarantined') return <p>Nothing was taken out: all that was ever mirrored still verifies.</p>;
  if (state === 'waiting') return <p>Nothing is looked for again: all that was asked for is signed somewhere.</p>;
  return (
    <Empty icon="pending" title="The mirror is empty">
      <p>
        A mirror keeps clusters updating when the publisher's stores are out of reach. A verdict fills it with the
        release that was asked for; an update graph with all that clusters could update to:
      </p>
      <Code what="command" text="npm start -- --graph PROFILE=URL --graph-channel stable-4.16" />
    </Empty>
  );
}

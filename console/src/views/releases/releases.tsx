import type { JSX } from 'preact';
import type { Overview } from '../../api/answers.ts';
import type { ReleasePage, ReleaseRow, SignatureState } from '../../api/release-answers.ts';
import { Age, PageHeader } from '../../parts/frame.tsx';
import type { IconName } from '../../parts/icons.tsx';
import { Empty, FaultNote, Note, Skeleton } from '../../parts/notes.tsx';
import { Mark, OutcomeLabel } from '../../parts/outcome.tsx';
import { Table } from '../../parts/table.tsx';
import { Code, Time } from '../../parts/words.tsx';
import { type Resource, useResource } from '../../state/use-resource.ts';
import { formatAddress, pick, type Query, toSearch } from '../../text/address.ts';
import { shortenHex } from '../../text/shorten.ts';
import { ReleaseFilter } from './filter.tsx';

/** The parameters of GET /v1/releases that are a filter. */
export const RELEASE_FILTERS = ['profile', 'q', 'minor', 'architecture'] as const;
const PAGE = '25';

/** Each release that an update graph names or the mirror holds, with what is known of it. */
export function ReleasesView({ query }: { readonly query: Query }): JSX.Element {
  const filter = pick(query, RELEASE_FILTERS);
  const after = query['after'];
  const list = useResource<ReleasePage>(`/v1/releases?${toSearch({ ...filter, after, limit: PAGE })}`);
  const overview = useResource<Overview>('/v1/overview?days=14');
  const profiles = overview.value?.profiles.map(({ profile }) => profile) ?? [];
  return (
    <>
      <PageHeader
        title="Releases"
        says="What update graphs name and the mirror holds: how it is signed, and what was decided."
        status={<Age of={list} />}
      />
      <ReleaseFilter filter={filter} profiles={profiles} />
      <List list={list} filter={filter} isFirst={after === undefined} />
    </>
  );
}

interface ListProps {
  readonly list: Resource<ReleasePage>;
  readonly filter: Query;
  readonly isFirst: boolean;
}

function List({ list: { value, fault }, filter, isFirst }: ListProps): JSX.Element {
  if (value === undefined) {
    return fault === undefined ? <Skeleton lines={12} /> : <FaultNote fault={fault} what="The releases" />;
  }
  const { releases, catalog, catalogFault, next } = value;
  return (
    <>
      {catalog !== undefined && catalog.failedGraphs > 0 && (
        <Note tone="warning" title="Some update graphs could not be read: releases may be missing here." />
      )}
      {catalogFault !== undefined && (
        <Note tone="warning" title={`What update graphs name is not known here: ${catalogFault}.`} />
      )}
      {releases.length > 0 ? (
        <Rows releases={releases} filter={filter} />
      ) : (
        <Nothing isFiltered={Object.keys(filter).length > 0 || !isFirst} hasMore={next !== undefined} />
      )}
      <nav class="sg-pages" aria-label="Pages of releases">
        {!isFirst && (
          <a class="pf-v6-c-button pf-m-secondary" href={formatAddress('releases', '', filter)}>
            First
          </a>
        )}
        {next !== undefined && (
          <a class="pf-v6-c-button pf-m-secondary" href={formatAddress('releases', '', { ...filter, after: next })}>
            More
          </a>
        )}
        {catalog !== undefined && (
          <span class="sg-subtle">
            Update graphs were read <Time at={catalog.plannedAt} />.
          </span>
        )}
      </nav>
    </>
  );
}

function Rows({ releases, filter }: { readonly releases: readonly ReleaseRow[]; readonly filter: Query }): JSX.Element {
  return (
    <Table
      label="Releases"
      rows={releases}
      toKey={({ digest }) => digest}
      columns={[
        {
          name: 'Release',
          cell: ({ digest, versions, architectures }) => (
            <a href={formatAddress('releases', digest, filter)} class="sg-release" title={digest}>
              {versions.length > 0 ? versions.join(', ') : shortenHex(digest)}
              <span class="sg-release__where">
                {[architectures.join(', '), versions.length > 0 ? shortenHex(digest) : 'not in an update graph']
                  .filter((text) => text !== '')
                  .join(' · ')}
              </span>
            </a>
          ),
        },
        { name: 'OpenPGP', cell: ({ openpgp, fault }) => <StateMark state={openpgp} fault={fault} /> },
        { name: 'Sigstore', cell: ({ sigstore, fault }) => <StateMark state={sigstore} fault={fault} /> },
        { name: 'Mirrored', cell: ({ mirrored, fault }) => <StateMark state={mirrored} fault={fault} /> },
        {
          name: 'Last verdict',
          cell: ({ lastVerdict }) =>
            lastVerdict === undefined ? (
              'never asked'
            ) : (
              <a href={formatAddress('decisions', lastVerdict.id)}>
                <OutcomeLabel outcome={lastVerdict.outcome} forced={lastVerdict.forced} />
              </a>
            ),
        },
      ]}
    />
  );
}

const STATES: Readonly<Record<string, { readonly icon: IconName; readonly colour: string; readonly word: string }>> = {
  verified: { icon: 'accepted', colour: 'pf-m-success', word: 'verified' },
  held: { icon: 'accepted', colour: 'pf-m-success', word: 'held' },
  incomplete: { icon: 'partial', colour: 'pf-m-warning', word: 'incomplete' },
  rejected: { icon: 'rejected', colour: 'pf-m-danger', word: 'rejected' },
  absent: { icon: 'rejected', colour: 'pf-m-danger', word: 'signed nowhere' },
  none: { icon: 'pending', colour: '', word: 'not held' },
  unknown: { icon: 'indeterminate', colour: '', word: 'not looked at' },
  'not-required': { icon: 'info', colour: '', word: 'not required' },
};

interface StateProps {
  readonly state: Pick<SignatureState, 'state' | 'missing'> | undefined;
  readonly fault?: string | undefined;
}

/** A state of a release's signatures; one that this page does not know is shown by its own word. */
export function StateMark({ state, fault }: StateProps): JSX.Element {
  if (fault !== undefined || state === undefined)
    return <Mark icon="indeterminate" colour="pf-m-warning" text={fault ?? 'not read'} />;
  const known = Object.hasOwn(STATES, state.state) ? STATES[state.state] : undefined;
  const { icon, colour, word } = known ?? { icon: 'indeterminate' as const, colour: '', word: state.state };
  // Of what is nowhere, every keyring is missing.
  const isPart = state.state === 'incomplete' && (state.missing ?? []).length > 0;
  const missing = isPart ? `: ${state.missing?.join(', ')}` : '';
  return <Mark icon={icon} colour={colour} text={`${word}${missing}`} />;
}

function Nothing({ isFiltered, hasMore }: { readonly isFiltered: boolean; readonly hasMore: boolean }): JSX.Element {
  if (hasMore) {
    return (
      <Empty icon="search" title="Nothing on this page matches">
        <p>There are more that were not looked at yet: go on with More.</p>
      </Empty>
    );
  }
  if (isFiltered) {
    return (
      <Empty icon="search" title="No release matches">
        <p>
          A search is by the start of a version or of a digest.{' '}
          <a href={formatAddress('releases')}>Take all filters away</a>.
        </p>
      </Empty>
    );
  }
  return (
    <Empty icon="pending" title="No release is known yet">
      <p>Releases are known once one is mirrored, or an update graph is followed:</p>
      <Code what="command" text="npm start -- --graph PROFILE=URL --graph-channel stable-4.16" />
    </Empty>
  );
}

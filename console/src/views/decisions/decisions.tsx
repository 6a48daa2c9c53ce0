import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DecisionPage, Overview } from '../../api/answers.ts';
import { Age, PageHeader } from '../../parts/frame.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, FaultNote, Note, Skeleton } from '../../parts/notes.tsx';
import { Time } from '../../parts/words.tsx';
import { useResource } from '../../state/use-resource.ts';
import { formatAddress, pick, type Query, toSearch } from '../../text/address.ts';
import { DecisionFilter, FILTERS } from './filter.tsx';
import { saveDecisions } from './save-csv.ts';
import { DecisionTable, NoDecisions } from './table.tsx';

const PAGE = 50;

/** What was decided, newest first: the filter and the page are in the address. */
export function DecisionsView({ query }: { readonly query: Query }): JSX.Element {
  const filter = pick(query, FILTERS);
  const after = query['after'];
  const search = toSearch({ ...filter, after, limit: String(PAGE) });
  const list = useResource<DecisionPage>(`/v1/verdicts?${search}`);
  const overview = useResource<Overview>('/v1/overview?days=14');
  const profiles = overview.value?.profiles.map(({ profile }) => profile) ?? [];
  return (
    <>
      <PageHeader
        title="Decisions"
        says="What was decided, newest first. A row opens the decision with its evidence."
        status={<Age of={list} />}
        actions={<Export filter={filter} />}
      />
      <DecisionFilter filter={filter} profiles={profiles} />
      <List list={list} filter={filter} isFirst={after === undefined} />
    </>
  );
}

interface ListProps {
  readonly list: ReturnType<typeof useResource<DecisionPage>>;
  readonly filter: Query;
  readonly isFirst: boolean;
}

function List({ list: { value, fault }, filter, isFirst }: ListProps): JSX.Element {
  if (value === undefined) {
    return fault === undefined ? <Skeleton lines={12} /> : <FaultNote fault={fault} what="The list" />;
  }
  const { verdicts, next, scannedUntil, unreadable = [], isIncomplete } = value;
  return (
    <>
      {isIncomplete === true && (
        <Note tone="info" title="Older records are still being listed: some may be missing here." />
      )}
      {unreadable.length > 0 && (
        <Note tone="warning" title="Somebody put something into the index that is no entry of it">
          <ul class="sg-list">
            {unreadable.map(({ key, fault: why }) => (
              <li key={key}>
                <code>{key}</code>: {why}
              </li>
            ))}
          </ul>
        </Note>
      )}
      {verdicts.length > 0 ? (
        <DecisionTable label="Decisions" rows={verdicts} query={filter} />
      ) : (
        <Nothing isFiltered={Object.keys(filter).length > 0 || !isFirst} hasMore={next !== undefined} />
      )}
      <nav class="sg-pages" aria-label="Pages of decisions">
        {!isFirst && (
          <a class="pf-v6-c-button pf-m-secondary" href={formatAddress('decisions', '', filter)}>
            Newest
          </a>
        )}
        {next !== undefined && (
          <a class="pf-v6-c-button pf-m-secondary" href={formatAddress('decisions', '', { ...filter, after: next })}>
            Older
          </a>
        )}
        <span class="sg-subtle">
          {next !== undefined && scannedUntil !== undefined && (
            <>
              Everything since <Time at={scannedUntil} /> was looked at.
            </>
          )}
        </span>
      </nav>
    </>
  );
}

function Nothing({ isFiltered, hasMore }: { readonly isFiltered: boolean; readonly hasMore: boolean }): JSX.Element {
  if (!isFiltered) return <NoDecisions />;
  return (
    <Empty icon="search" title={hasMore ? 'Nothing on this page matches' : 'No decision matches'}>
      {hasMore ? (
        <p>There are older decisions that were not looked at yet: go on with Older.</p>
      ) : (
        <p>
          Widen the times or <a href={formatAddress('decisions')}>take all filters away</a>.
        </p>
      )}
    </Empty>
  );
}

/** Saves what the filter shows, all pages. */
function Export({ filter }: { readonly filter: Query }): JSX.Element {
  const [said, setSaid] = useState('');
  const save = (): void => {
    setSaid('Reading …');
    void saveDecisions(filter, (count) => setSaid(`${count} read …`)).then(setSaid);
  };
  return (
    <>
      <span class="sg-subtle" role="status">
        {said}
      </span>
      <button type="button" class="pf-v6-c-button pf-m-secondary" onClick={save}>
        <span class="pf-v6-c-button__icon pf-m-start">
          <Icon name="download" />
        </span>
        <span class="pf-v6-c-button__text">Save as CSV</span>
      </button>
    </>
  );
}

import type { JSX } from 'preact';
import type { RevisionPage, TrustChanges } from '../../api/trust-answers.ts';
import { Card } from '../../parts/frame.tsx';
import { FaultNote, Skeleton } from '../../parts/notes.tsx';
import { Mark } from '../../parts/outcome.tsx';
import { Table } from '../../parts/table.tsx';
import { Clipped, Hex, Time } from '../../parts/words.tsx';
import { go } from '../../state/use-address.ts';
import { useResource } from '../../state/use-resource.ts';
import { formatAddress, type Query, toSearch } from '../../text/address.ts';
import { shortenHex } from '../../text/shorten.ts';

interface RevisionsProps {
  readonly profile: string;
  readonly query: Query;
}

/** The revisions of a profile, newest first, and what changed between the two that the address names. */
export function Revisions({ profile, query }: RevisionsProps): JSX.Element {
  const path = `/v1/trust/${encodeURIComponent(profile)}/revisions`;
  const { value, fault } = useResource<RevisionPage>(`${path}?${toSearch({ limit: '50', after: query['after'] })}`);
  if (value === undefined) {
    return (
      <Card title="Revisions" name="revisions">
        {fault === undefined ? <Skeleton lines={4} /> : <FaultNote fault={fault} what="The revisions" />}
      </Card>
    );
  }
  const { revisions, next } = value;
  const to = query['to'] ?? value.current;
  const from = query['from'] ?? revisions[revisions.findIndex(({ revision }) => revision === to) + 1]?.revision;
  return (
    <>
      <Card title="Revisions" name="revisions">
        <Table
          label="Revisions of the trust"
          rows={revisions}
          toKey={({ revision }) => revision}
          columns={[
            { name: 'Revision', cell: ({ revision }) => <Hex text={revision} what="trust revision" /> },
            { name: 'Published', cell: ({ publishedAt }) => <Time at={publishedAt} /> },
            {
              name: 'State',
              cell: ({ revision }) =>
                revision === value.current ? (
                  <Mark icon="accepted" colour="pf-m-success" text="decides now" />
                ) : (
                  'earlier'
                ),
            },
            {
              name: 'Changes',
              cell: ({ revision }) =>
                revision === to ? (
                  'compared below'
                ) : (
                  <a href={formatAddress('trust', '', { profile, from: revision, to })}>Compare</a>
                ),
            },
          ]}
        />
        {next !== undefined && (
          <a
            class="pf-v6-c-button pf-m-secondary"
            href={formatAddress('trust', '', { ...query, profile, after: next })}
          >
            Older
          </a>
        )}
      </Card>
      {from === undefined ? (
        <Card title="What changed" name="changes">
          <p>
            {revisions.length > 1
              ? 'This is the oldest revision that is shown: there is none before it to compare with.'
              : 'There is one revision: nothing has changed since it was published.'}
          </p>
        </Card>
      ) : (
        <Changes profile={profile} from={from} to={to} known={revisions.map(({ revision }) => revision)} />
      )}
    </>
  );
}

interface ChangesProps {
  readonly profile: string;
  readonly from: string;
  readonly to: string;
  readonly known: readonly string[];
}

function Changes({ profile, from, to, known }: ChangesProps): JSX.Element {
  const path = `/v1/trust/${encodeURIComponent(profile)}/changes?${toSearch({ from, to })}`;
  const { value, fault } = useResource<TrustChanges>(path);
  const change = (name: 'from' | 'to', revision: string): void => {
    go(formatAddress('trust', '', { profile, from, to, [name]: revision }), 'replace');
  };
  return (
    <Card title="What changed" name="changes">
      <div class="sg-filter">
        <Choice name="from" label="From" value={from} known={known} change={change} />
        <Choice name="to" label="To" value={to} known={known} change={change} />
      </div>
      {value === undefined ? (
        fault === undefined ? (
          <Skeleton lines={4} />
        ) : (
          <FaultNote fault={fault} what="What changed" />
        )
      ) : value.changes.length === 0 ? (
        <p>Nothing that decides is different.</p>
      ) : (
        <Table
          label="What changed between two revisions"
          rows={value.changes}
          toKey={({ what, change: how, name }) => `${what} ${how} ${name}`}
          columns={[
            { name: 'What', cell: ({ what, name }) => <Clipped text={`${what} ${name}`} max={90} /> },
            { name: 'Change', cell: ({ change: how }) => how },
            { name: 'Before', cell: ({ before }) => <Clipped text={before ?? '–'} max={48} /> },
            { name: 'After', cell: ({ after }) => <Clipped text={after ?? '–'} max={48} /> },
          ]}
        />
      )}
    </Card>
  );
}

interface ChoiceProps {
  readonly name: 'from' | 'to';
  readonly label: string;
  readonly value: string;
  readonly known: readonly string[];
  readonly change: (name: 'from' | 'to', revision: string) => void;
}

function Choice({ name, label, value, known, change }: ChoiceProps): JSX.Element {
  const offered = known.includes(value) ? known : [value, ...known];
  return (
    <div class="sg-control">
      <label class="sg-label" for={`revision-${name}`}>
        {label}
      </label>
      <span class="pf-v6-c-form-control">
        <select id={`revision-${name}`} value={value} onChange={(event) => change(name, event.currentTarget.value)}>
          {offered.map((revision) => (
            <option key={revision} value={revision}>
              {shortenHex(revision)}
            </option>
          ))}
        </select>
      </span>
    </div>
  );
}

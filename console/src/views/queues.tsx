import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Overview, QueueState } from '../api/answers.ts';
import { post } from '../api/ask.ts';
import type { DeadLetters } from '../api/release-answers.ts';
import { Age, Card, PageHeader } from '../parts/frame.tsx';
import { FaultNote, Note, Skeleton } from '../parts/notes.tsx';
import { Mark } from '../parts/outcome.tsx';
import { Table } from '../parts/table.tsx';
import { Clipped, Hex, Time } from '../parts/words.tsx';
import { refresh, useResource } from '../state/use-resource.ts';
import { formatAddress, type Query } from '../text/address.ts';
import { formatCount } from '../text/shorten.ts';

const OVERVIEW = '/v1/overview?days=14';

/** What each queue is for. */
const WORK: Readonly<Record<string, string>> = {
  push: 'pushes of registries, to be verified',
  mirror: 'digests, to be mirrored',
  export: 'bundles, to be made',
  notify: 'events, to be sent to others',
};

/** What waits, and what was given up with its reason. */
export function QueuesView({ query }: { readonly query: Query }): JSX.Element {
  const overview = useResource<Overview>(OVERVIEW);
  const { value, fault } = overview;
  const queues = value?.queues ?? [];
  const chosen = query['queue'] ?? queues.find(({ deadLetters }) => (deadLetters?.count ?? 0) > 0)?.name;
  return (
    <>
      <PageHeader title="Queues" says="What waits, and what was given up." status={<Age of={overview} />} />
      {value === undefined ? (
        fault === undefined ? (
          <Skeleton lines={6} />
        ) : (
          <FaultNote fault={fault} what="The queues" />
        )
      ) : (
        <Table
          label="Queues"
          rows={queues}
          toKey={({ name }) => name}
          columns={[
            { name: 'Queue', cell: ({ name }) => <a href={formatAddress('queues', '', { queue: name })}>{name}</a> },
            { name: 'For', cell: ({ name }) => WORK[name] ?? '–' },
            { name: 'Waiting', cell: ({ waiting, fault: why }) => why ?? String(waiting ?? '–'), isNumber: true },
            { name: 'Dead letters', cell: ({ deadLetters }) => String(deadLetters?.count ?? '–'), isNumber: true },
            { name: 'State', cell: (queue) => <QueueMark queue={queue} /> },
          ]}
        />
      )}
      {chosen !== undefined && <Letters key={chosen} queue={chosen} />}
      {value !== undefined && chosen === undefined && (
        <Note tone="success" title="There are no dead letters">
          What fails is tried again five times. What still fails is put aside here with its reason, and lost to nobody.
        </Note>
      )}
    </>
  );
}

function QueueMark({ queue: { fault, deadLetters } }: { readonly queue: QueueState }): JSX.Element {
  if (fault !== undefined) return <Mark icon="indeterminate" colour="pf-m-warning" text="not read" />;
  if ((deadLetters?.count ?? 0) > 0) return <Mark icon="warning" colour="pf-m-danger" text="has dead letters" />;
  return <Mark icon="accepted" colour="pf-m-success" text="good" />;
}

interface Redriven {
  readonly moved: number;
  readonly notFound?: readonly string[];
  readonly notMoved?: readonly { readonly id: string; readonly why: string }[];
  /** Sent back, and dead letters still. */
  readonly notRemoved?: readonly { readonly id: string; readonly why: string }[];
}

function describeRedriven({ moved, notFound = [], notMoved = [], notRemoved = [] }: Redriven): string {
  const left = notFound.length + notMoved.length;
  const parts = [`${formatCount(moved, 'letter')} sent back`];
  if (left > 0) parts.push(`${left} left where they are: they are gone, or could not be sent`);
  if (notRemoved.length > 0) parts.push(`${notRemoved.length} sent back and still here: do not send them again`);
  return parts.join('; ');
}

function Letters({ queue }: { readonly queue: string }): JSX.Element {
  const path = `/v1/dead-letters?queue=${encodeURIComponent(queue)}`;
  const { value, fault } = useResource<DeadLetters>(path);
  const me = useResource<{ readonly mayRedrive?: boolean }>('/v1/me');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [said, setSaid] = useState('');
  if (value === undefined) {
    return (
      <Card title={`Dead letters of ${queue}`} name="letters">
        {fault === undefined ? <Skeleton lines={4} /> : <FaultNote fault={fault} what="The dead letters" />}
      </Card>
    );
  }
  const { letters, count } = value;
  const toggle = (id: string): void => {
    setChosen(chosen.has(id) ? new Set([...chosen].filter((one) => one !== id)) : new Set([...chosen, id]));
  };
  const send = async (): Promise<void> => {
    const answer = await post<Redriven>('/v1/dead-letters/redrive', { queue, ids: [...chosen] });
    if (answer.fault !== undefined) return setSaid(`Not sent back: ${answer.fault.detail}`);
    setSaid(describeRedriven(answer.value));
    setChosen(new Set());
    await Promise.all([refresh(path), refresh(OVERVIEW)]);
  };
  return (
    <Card title={`Dead letters of ${queue}`} name="letters">
      {letters.length === 0 ? (
        <p>{count === 0 ? 'There are none.' : 'Somebody else is looking at them: they show here in a moment.'}</p>
      ) : (
        <>
          <p>Mend the cause first: what is sent back too early comes back with the same reason.</p>
          <Table
            label={`Dead letters of ${queue}`}
            rows={letters}
            toKey={({ id }) => id}
            columns={[
              {
                name: 'Reason',
                cell: ({ id, reason }) => (
                  <label>
                    <input type="checkbox" checked={chosen.has(id)} onChange={() => toggle(id)} /> {reason}
                  </label>
                ),
              },
              { name: 'Sent', cell: ({ sentAt }) => <Time at={sentAt} /> },
              { name: 'Message', cell: ({ id }) => <Hex text={id} what="message id" /> },
              {
                name: 'Body',
                cell: ({ body = '' }) => (
                  <code class="sg-mono">
                    <Clipped text={body} max={120} />
                  </code>
                ),
              },
            ]}
          />
          {count > letters.length && (
            <p class="sg-subtle">There are about {formatCount(count, 'letter')}; the newest are shown.</p>
          )}
          {me.value?.mayRedrive === false ? (
            <p class="sg-subtle">To send them back takes the role operator; you are a reader.</p>
          ) : (
            <button
              type="button"
              class="pf-v6-c-button pf-m-primary"
              disabled={chosen.size === 0}
              onClick={() => void send()}
            >
              <span class="pf-v6-c-button__text">Send {formatCount(chosen.size, 'letter')} back to be done again</span>
            </button>
          )}
        </>
      )}
      <p role="status" class="sg-subtle">
        {said}
      </p>
    </Card>
  );
}

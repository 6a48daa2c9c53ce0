import type { JSX } from 'preact';
import type { Caller, DecisionRow } from '../../api/answers.ts';
import { Empty } from '../../parts/notes.tsx';
import { OutcomeLabel } from '../../parts/outcome.tsx';
import { Table } from '../../parts/table.tsx';
import { Clipped, Code, Time } from '../../parts/words.tsx';
import { formatAddress, type Query } from '../../text/address.ts';
import { toPhrase } from '../../text/phrases.ts';
import { shortenHex, shortenPullspec } from '../../text/shorten.ts';

interface TableProps {
  readonly label: string;
  readonly rows: readonly DecisionRow[];
  /** The filter that a decision is opened with, for coming back to the same list. */
  readonly query?: Query;
  /** Without the columns that only an auditor reads. */
  readonly isShort?: boolean;
}

export function DecisionTable({ label, rows, query = {}, isShort = false }: TableProps): JSX.Element {
  return (
    <Table
      label={label}
      rows={rows}
      toKey={({ id }) => id}
      columns={[
        {
          name: 'Release',
          cell: ({ id, pullspec }) => (
            <a
              href={formatAddress('decisions', id, query)}
              title={pullspec}
              class={isShort ? 'sg-release sg-release-short' : 'sg-release'}
            >
              <Named pullspec={pullspec} isShort={isShort} />
            </a>
          ),
        },
        { name: 'Outcome', cell: ({ outcome, forced }) => <OutcomeLabel outcome={outcome} forced={forced} /> },
        {
          name: 'Why',
          cell: ({ codes }) => (
            <span class={isShort ? 'sg-line' : ''}>
              {codes.length === 0 ? '–' : <Clipped text={codes.map(toPhrase).join('; ')} max={isShort ? 40 : 80} />}
            </span>
          ),
        },
        { name: 'Decided', cell: ({ decidedAt }) => <Time at={decidedAt} /> },
        ...(isShort
          ? []
          : [
              {
                name: 'Asked by',
                cell: (row: DecisionRow) => <Clipped text={describeCaller(row.source, row.caller)} />,
              },
              { name: 'Profile', cell: ({ profile }: DecisionRow) => profile },
            ]),
      ]}
    />
  );
}

/** What is asked for above, and where it is below; in one line where it is short. */
function Named({ pullspec, isShort }: { readonly pullspec: string; readonly isShort: boolean }): JSX.Element {
  const at = pullspec.lastIndexOf('@');
  if (at < 0) return <span>{shortenPullspec(pullspec)}</span>;
  if (isShort) {
    return (
      <>
        <span>{pullspec.slice(0, at)}</span>
        <span>@{shortenHex(pullspec.slice(at + 1))}</span>
      </>
    );
  }
  return (
    <>
      {shortenHex(pullspec.slice(at + 1))}
      <span class="sg-release__where">{pullspec.slice(0, at)}</span>
    </>
  );
}

/** The way it was asked through, and by whom as far as that is known. */
export function describeCaller(source: string, caller: Caller | undefined): string {
  const who = caller === undefined ? '' : Object.values(caller).join(' ');
  return who === '' ? source : `${source}: ${who}`;
}

/** Where nothing was decided yet: the one command that makes a decision. */
export function NoDecisions(): JSX.Element {
  const body = '{"pullspec":"REGISTRY/REPOSITORY@sha256:DIGEST"}';
  return (
    <Empty icon="pending" title="Nothing was decided yet">
      <p>Paste a pullspec into the field above, or ask from a shell:</p>
      <Code
        what="command"
        text={`curl -s ${location.origin}/v1/verify -H 'content-type: application/json' -d '${body}'`}
      />
    </Empty>
  );
}

import type { JSX } from 'preact';
import type { BundlePage, BundleState } from '../../api/release-answers.ts';
import { FaultNote, Skeleton } from '../../parts/notes.tsx';
import { Mark } from '../../parts/outcome.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Clipped, Hex, Time } from '../../parts/words.tsx';
import { useResource } from '../../state/use-resource.ts';
import { formatAddress, type Query, toSearch } from '../../text/address.ts';
import { formatBytes, formatCount } from '../../text/shorten.ts';
import { MARKS } from './bundle.tsx';

type Listed = BundlePage['bundles'][number];

/** Milliseconds between two looks at the list. */
const LOOK_MS = 5000;

/** The bundles that are kept, the newest first; each leads to its progress and its archive. */
export function BundleList({ query }: { readonly query: Query }): JSX.Element {
  const after = query['bundles'];
  const { value, fault } = useResource<BundlePage>(`/v1/bundles?${toSearch({ limit: '10', after })}`, LOOK_MS);
  const to = (bundles: string | undefined): string => formatAddress('mirror', '', { ...query, bundles });
  const columns: readonly Column<Listed>[] = [
    {
      name: 'Bundle',
      cell: ({ id }) => (
        <>
          <a href={formatAddress('mirror', '', { ...query, bundle: id })}>Open</a> <Hex text={id} what="bundle id" />
        </>
      ),
    },
    { name: 'Asked for', cell: (one) => <Time at={'fault' in one ? undefined : one.requestedAt} /> },
    { name: 'State', cell: (one) => ('fault' in one ? <Clipped text={one.fault} max={80} /> : <State of={one} />) },
    { name: 'Holds', cell: (one) => ('fault' in one ? '–' : toContent(one)) },
  ];
  if (value === undefined)
    return fault === undefined ? <Skeleton lines={4} /> : <FaultNote fault={fault} what="The list of bundles" />;
  return (
    <div data-list="bundles">
      <h3 class="sg-label">Kept bundles</h3>
      {value.bundles.length === 0 ? (
        <p class="sg-subtle">{after === undefined ? 'None was made yet.' : 'There is no more.'}</p>
      ) : (
        <Table label="kept bundles" rows={value.bundles} toKey={({ id }) => id} columns={columns} />
      )}
      <p class="sg-subtle">Whoever may see this list may save each: a bundle holds no secret.</p>
      {(after !== undefined || value.next !== undefined) && (
        <nav class="sg-pages" aria-label="Pages of bundles">
          {after !== undefined && (
            <a class="pf-v6-c-button pf-m-secondary" href={to(undefined)}>
              Newest
            </a>
          )}
          {value.next !== undefined && (
            <a class="pf-v6-c-button pf-m-secondary" href={to(value.next)}>
              Older
            </a>
          )}
        </nav>
      )}
    </div>
  );
}

function State({ of: { state, failure } }: { readonly of: BundleState }): JSX.Element {
  const { icon, colour, text } = state === 'done' || state === 'failed' ? MARKS[state] : MARKS.queued;
  return (
    <>
      <Mark icon={icon} colour={colour} text={text} /> {failure?.code}
    </>
  );
}

/** Of which profile, how much, and whether it follows another. */
function toContent({ profile, counts, size, since }: BundleState): string {
  const held =
    counts === undefined
      ? []
      : [
          `${formatCount(counts['signatures'] ?? 0, 'signature')} of ${formatCount(counts['digests'] ?? 0, 'release')}`,
          ...(size === undefined ? [] : [formatBytes(size)]),
        ];
  return [profile ?? '–', ...held, since === undefined ? 'complete' : `since ${since.slice(0, 12)}`].join(', ');
}

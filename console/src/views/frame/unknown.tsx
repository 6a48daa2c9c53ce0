import type { JSX } from 'preact';
import { PageHeader } from '../../parts/frame.tsx';
import { formatAddress, type ViewName } from '../../text/address.ts';

interface UnknownProps {
  readonly views: readonly ViewName[];
  readonly titles: Readonly<Record<ViewName, string>>;
}

/** For a link to what there is not. */
export function UnknownView({ views, titles }: UnknownProps): JSX.Element {
  return (
    <>
      <PageHeader title="There is no such view" says="The link may be of another version. These are the views:" />
      <ul class="sg-list">
        {views.map((view) => (
          <li key={view}>
            <a href={formatAddress(view)}>{titles[view]}</a>
          </li>
        ))}
      </ul>
    </>
  );
}

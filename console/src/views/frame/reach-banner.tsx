import type { JSX } from 'preact';
import { toUnreachableSince, whenReachChanges } from '../../api/reach.ts';
import { Icon } from '../../parts/icons.tsx';
import { Time } from '../../parts/words.tsx';
import { useOutside } from '../../state/use-outside.ts';

/** Says since when the service is out of reach, and what still works. It lies over the page: nothing jumps. */
export function ReachBanner(): JSX.Element {
  const since = useOutside(toUnreachableSince, whenReachChanges);
  return (
    <div class={since === undefined ? 'sg-reach' : 'sg-reach sg-reach-lost'} role="status" data-reach>
      {since !== undefined && (
        <>
          <Icon name="offline" />{' '}
          <span>
            <strong>Signet is out of reach</strong> since <Time at={new Date(since).toISOString()} />. What was read
            before stays here; new questions have to wait. It is tried every few seconds.
          </span>
        </>
      )}
    </div>
  );
}

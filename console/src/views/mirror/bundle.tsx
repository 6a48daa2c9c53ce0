import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { readFile } from '../../api/ask.ts';
import type { BundleState } from '../../api/release-answers.ts';
import { saveBlob, saveFrom } from '../../api/save.ts';
import { Icon } from '../../parts/icons.tsx';
import { FaultNote, Note, Skeleton } from '../../parts/notes.tsx';
import { Mark } from '../../parts/outcome.tsx';
import { Hex, Time } from '../../parts/words.tsx';
import { useResource } from '../../state/use-resource.ts';
import { formatBytes, formatCount } from '../../text/shorten.ts';

/** Milliseconds between two looks at a bundle that is being made. */
const LOOK_MS = 2000;

/** How far a bundle is, in a word. */
export const MARKS = {
  queued: { icon: 'pending', colour: '', text: 'being made' },
  done: { icon: 'accepted', colour: 'pf-m-success', text: 'done' },
  failed: { icon: 'rejected', colour: 'pf-m-danger', text: 'failed' },
} as const;

/** One bundle: how far it is, what it holds, and the way to it. */
export function Bundle({ id, follow }: { readonly id: string; readonly follow: (since: string) => void }): JSX.Element {
  const { value, fault } = useResource<BundleState>(`/v1/bundles/${encodeURIComponent(id)}`, LOOK_MS);
  const [said, setSaid] = useState('');
  if (value === undefined)
    return fault === undefined ? <Skeleton lines={4} /> : <FaultNote fault={fault} what="The bundle" />;
  const { state, requestedAt, counts, size, sha256, link, failure, profile } = value;
  const { icon, colour, text } = state === 'done' || state === 'failed' ? MARKS[state] : MARKS.queued;
  const save = async (): Promise<void> => {
    if (link?.startsWith('https:') === true) {
      setSaid(saveFrom(link) ? 'The browser saves it' : 'Not saved: its address is not one of the store');
      return;
    }
    setSaid('Reading …');
    const answer = await readFile(`/v1/bundles/${encodeURIComponent(id)}/download`);
    if (answer.fault === undefined) saveBlob(`signet-bundle-${id.slice(0, 12)}.tar.gz`, answer.value);
    setSaid(answer.fault === undefined ? 'Saved' : `Not saved: ${answer.fault.detail}`);
  };
  return (
    <div data-bundle={state}>
      <dl class="sg-facts">
        <dt>Bundle</dt>
        <dd>
          <Mark icon={icon} colour={colour} text={text} /> <Hex text={id} what="bundle id" />
        </dd>
        <dt>Profile</dt>
        <dd>{profile ?? '–'}</dd>
        <dt>Asked for</dt>
        <dd>
          <Time at={requestedAt} />
        </dd>
        {counts !== undefined && (
          <>
            <dt>Holds</dt>
            <dd>
              {formatCount(counts['signatures'] ?? 0, 'signature')} of {formatCount(counts['digests'] ?? 0, 'release')}
              {size !== undefined && `, ${formatBytes(size)}`}
            </dd>
          </>
        )}
        {sha256 !== undefined && (
          <>
            <dt>SHA-256</dt>
            <dd>
              <Hex text={sha256} what="SHA-256" />
            </dd>
          </>
        )}
      </dl>
      {failure !== undefined && (
        <Note tone="danger" title="It could not be made" isNews>
          {failure.message}
        </Note>
      )}
      {state === 'done' && link !== undefined && (
        <p class="sg-pages">
          <button type="button" class="pf-v6-c-button pf-m-secondary" onClick={() => void save()}>
            <span class="pf-v6-c-button__icon pf-m-start">
              <Icon name="download" />
            </span>
            <span class="pf-v6-c-button__text">Save the bundle</span>
          </button>
          <button type="button" class="pf-v6-c-button pf-m-secondary" onClick={() => follow(id)}>
            <span class="pf-v6-c-button__text">Make one of what came since</span>
          </button>
          <span role="status" class="sg-subtle">
            {said}
          </span>
        </p>
      )}
    </div>
  );
}

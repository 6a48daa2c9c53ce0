import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { post } from '../../api/ask.ts';
import type { BundleState } from '../../api/release-answers.ts';
import { Card } from '../../parts/frame.tsx';
import { go } from '../../state/use-address.ts';
import { useResource } from '../../state/use-resource.ts';
import { formatAddress, type Query } from '../../text/address.ts';
import { BundleList } from './bundle-list.tsx';
import { Bundle } from './bundle.tsx';

interface BundlesProps {
  readonly query: Query;
  readonly profiles: readonly string[];
}

/** Makes a bundle for a site that reaches nothing. Its id is in the address, so that its progress is a link. */
export function Bundles({ query, profiles }: BundlesProps): JSX.Element {
  const [profile, setProfile] = useState('');
  const [said, setSaid] = useState('');
  const me = useResource<{ readonly role?: string }>('/v1/me');
  const id = query['bundle'];
  const make = async (since?: string): Promise<void> => {
    setSaid('Asking …');
    const chosen = profile === '' ? profiles[0] : profile;
    const question = {
      ...(chosen === undefined ? {} : { profile: chosen }),
      ...(since === undefined ? {} : { since }),
    };
    const { value, fault } = await post<BundleState>('/v1/bundles', question);
    setSaid(fault === undefined ? '' : `Not asked for: ${fault.detail}`);
    if (value !== undefined) go(formatAddress('mirror', '', { ...query, bundle: value.id }));
  };
  return (
    <Card title="Bundles" name="bundles">
      <p>One archive of signatures, manifests and trust, to be carried to a site that reaches nothing.</p>
      <div class="sg-filter">
        {profiles.length > 1 && (
          <div class="sg-control">
            <label class="sg-label" for="bundle-profile">
              Profile
            </label>
            <span class="pf-v6-c-form-control">
              <select id="bundle-profile" value={profile} onChange={(event) => setProfile(event.currentTarget.value)}>
                {profiles.map((one) => (
                  <option key={one} value={one}>
                    {one}
                  </option>
                ))}
              </select>
            </span>
          </div>
        )}
        {me.value?.role === 'reader' ? (
          <p class="sg-subtle">Making a bundle takes the role operator; you are a reader.</p>
        ) : (
          <button type="button" class="pf-v6-c-button pf-m-primary" onClick={() => void make()}>
            <span class="pf-v6-c-button__text">Make a bundle of all that is held</span>
          </button>
        )}
      </div>
      <p role="status" class="sg-subtle">
        {said}
      </p>
      {id !== undefined && <Bundle key={id} id={id} follow={(since) => void make(since)} />}
      <BundleList query={query} />
    </Card>
  );
}

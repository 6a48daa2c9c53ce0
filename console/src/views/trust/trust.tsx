import type { JSX } from 'preact';
import type { Key } from '../../api/answers.ts';
import type { TrustAnswer, TrustSummary } from '../../api/trust-answers.ts';
import { type ExpiringKey, KeyLines, KeyTable } from '../../charts/keys.tsx';
import { Age, Card, ChartCard, PageHeader } from '../../parts/frame.tsx';
import { Empty, FaultNote, Note, Skeleton } from '../../parts/notes.tsx';
import { Mark } from '../../parts/outcome.tsx';
import { Table } from '../../parts/table.tsx';
import { Hex, Time } from '../../parts/words.tsx';
import { useNow } from '../../state/use-now.ts';
import { useResource } from '../../state/use-resource.ts';
import { formatAddress, type Query } from '../../text/address.ts';
import { Revisions } from './revisions.tsx';

/** Whom each profile trusts, and what changed. */
export function TrustView({ query }: { readonly query: Query }): JSX.Element {
  const trust = useResource<TrustAnswer>('/v1/trust');
  const { value, fault } = trust;
  const wanted = query['profile'];
  const shown =
    value?.profiles.find(({ profile }) => profile === wanted) ??
    (wanted === undefined ? value?.profiles[0] : undefined);
  return (
    <>
      <PageHeader
        title="Trust"
        says="Keys, stores and policies that decide, and what changed between two revisions."
        status={<Age of={trust} />}
      />
      {value === undefined &&
        (fault === undefined ? <Skeleton lines={12} /> : <FaultNote fault={fault} what="The trust" />)}
      {value !== undefined && value.profiles.length > 1 && (
        <Profiles profiles={value.profiles} shown={shown?.profile} />
      )}
      {value !== undefined && shown === undefined && (
        <Empty icon="search" title="There is no such profile">
          <p>
            <a href={formatAddress('trust')}>Show the first one</a>.
          </p>
        </Empty>
      )}
      {shown !== undefined && <Summary trust={shown} query={query} />}
    </>
  );
}

function Profiles({
  profiles,
  shown,
}: {
  readonly profiles: readonly TrustSummary[];
  readonly shown: string | undefined;
}): JSX.Element {
  return (
    <nav class="sg-tabs" aria-label="Profiles">
      {profiles.map(({ profile }) => (
        <a
          key={profile}
          class={`pf-v6-c-button ${profile === shown ? 'pf-m-primary' : 'pf-m-secondary'}`}
          href={formatAddress('trust', '', { profile })}
          aria-current={profile === shown ? 'page' : undefined}
        >
          {profile}
        </a>
      ))}
    </nav>
  );
}

function Summary({ trust, query }: { readonly trust: TrustSummary; readonly query: Query }): JSX.Element {
  const now = useNow();
  const { profile, revision, verification, mode, require: required, keyrings } = trust;
  const keys: readonly ExpiringKey[] = keyrings.flatMap(({ name, keys: held }) =>
    held.filter(({ maySign }) => maySign).map((key) => ({ ...key, profile, keyring: name })),
  );
  return (
    <>
      {verification !== 'enabled' && (
        <Note tone="danger" title="Verification is off">
          The profile says so: releases are accepted without a signature.
        </Note>
      )}
      {mode === 'warn' && (
        <Note tone="warning" title="The pullspec policy warns only">
          A pullspec of another repository is not rejected for it.
        </Note>
      )}
      <div class="sg-columns">
        <div class="sg-side">
          {keyrings.map(({ name, keys: held }) => (
            <Card key={name} title={`Keyring ${name}`} name="keyring">
              <Keys label={name} keys={held} />
            </Card>
          ))}
          {keyrings.length === 0 && (
            <Card title="Keyrings" name="keyring">
              <p>The profile has none: its image policies decide.</p>
            </Card>
          )}
          <Revisions key={profile} profile={profile} query={query} />
        </div>
        <div class="sg-side">
          <Card title={`Profile ${profile}`} name="profile">
            <dl class="sg-facts">
              <dt>Revision</dt>
              <dd>
                <Hex text={revision} what="trust revision" />
              </dd>
              <dt>Read</dt>
              <dd>
                <Time at={trust.refreshedAt} />
              </dd>
              <dt>Requires</dt>
              <dd>{required === 'configured' ? 'all that is configured' : required}</dd>
            </dl>
            <Names title="Release repositories" names={trust.canonicalRepositories} />
            <Names title="Names that a signature may carry" names={trust.signedRepositories} />
            <Names title="Signature stores" names={trust.stores} />
            <Names title="Image policies" names={trust.imagePolicies.map(({ kind, name }) => `${kind} ${name}`)} />
          </Card>
          {keys.length > 0 && (
            <ChartCard
              title="Keys until their expiry"
              name="keys"
              chart={<KeyLines keys={keys} now={now} />}
              table={<KeyTable keys={keys} now={now} />}
            />
          )}
        </div>
      </div>
    </>
  );
}

function Keys({ label, keys }: { readonly label: string; readonly keys: readonly Key[] }): JSX.Element {
  return (
    <Table
      label={`Keys of ${label}`}
      rows={keys}
      toKey={({ fingerprint }) => fingerprint}
      columns={[
        { name: 'Fingerprint', cell: ({ fingerprint }) => <Hex text={fingerprint} what="fingerprint" /> },
        {
          name: 'State',
          cell: ({ revoked, maySign }) =>
            revoked ? (
              <Mark icon="rejected" colour="pf-m-danger" text="revoked" />
            ) : maySign ? (
              <Mark icon="accepted" colour="pf-m-success" text="may sign" />
            ) : (
              <Mark icon="pending" text="not for signing" />
            ),
        },
        { name: 'Expires', cell: ({ expiresAt }) => (expiresAt === null ? 'never' : <Time at={expiresAt} />) },
      ]}
    />
  );
}

function Names({ title, names }: { readonly title: string; readonly names: readonly string[] }): JSX.Element | null {
  if (names.length === 0) return null;
  return (
    <div>
      <h3 class="sg-label">{title}</h3>
      <ul class="sg-plain">
        {names.map((name) => (
          <li key={name}>
            <code class="sg-mono">{name}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

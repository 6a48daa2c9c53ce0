import type { JSX } from 'preact';
import type { ReleaseDetail, ShownSignature } from '../../api/release-answers.ts';
import { Card, PageHeader } from '../../parts/frame.tsx';
import { FaultNote, Note, Skeleton } from '../../parts/notes.tsx';
import { OutcomeLabel } from '../../parts/outcome.tsx';
import { Table } from '../../parts/table.tsx';
import { Clipped, Code, Hex, Pullspec, Time } from '../../parts/words.tsx';
import { useResource } from '../../state/use-resource.ts';
import { formatAddress, pick, type Query, toSearch } from '../../text/address.ts';
import { toPhrase, toReasons } from '../../text/phrases.ts';
import { formatCount } from '../../text/shorten.ts';
import { RELEASE_FILTERS, StateMark } from './releases.tsx';

/** One release: its signatures with who made them and when, what was decided, and what to apply. */
export function ReleaseView({ digest, query }: { readonly digest: string; readonly query: Query }): JSX.Element {
  const profile = query['profile'];
  const path = `/v1/releases/${encodeURIComponent(digest)}?${toSearch({ profile })}`;
  const { value, fault } = useResource<ReleaseDetail>(path);
  return (
    <>
      <nav aria-label="Breadcrumb" class="sg-back">
        <a href={formatAddress('releases', '', pick(query, RELEASE_FILTERS))}>Releases</a>
      </nav>
      {value === undefined ? (
        <>
          <PageHeader title="Release" />
          {fault === undefined ? <Skeleton lines={14} /> : <FaultNote fault={fault} what="This release" />}
          {fault?.status === 404 && (
            <p>
              <a href={formatAddress('check', '', { q: digest })}>Check the digest</a> for a verdict.
            </p>
          )}
        </>
      ) : (
        <Release release={value} />
      )}
    </>
  );
}

function Release({ release }: { readonly release: ReleaseDetail }): JSX.Element {
  const { digest, pullspec, versions, architectures, openpgp, sigstore, mirrored, absent, quarantined = [] } = release;
  const { verdicts = [], manifests } = release;
  const { shown = [] } = openpgp;
  return (
    <>
      <PageHeader
        title={versions.length === 0 ? 'A release that no update graph names' : `Release ${versions.join(', ')}`}
        says={architectures.join(', ')}
      />
      <p>
        <Pullspec text={pullspec} /> <a href={formatAddress('check', '', { q: pullspec })}>Ask for a verdict</a>
      </p>
      {absent !== undefined && (
        <Note tone="warning" title="No store had a signature of it">
          It was looked for {formatCount(absent.times, 'time')}, last <Time at={absent.askedAt} />; it is looked for
          again <Time at={absent.nextAt} />.
        </Note>
      )}
      <div class="sg-columns">
        <div class="sg-side">
          <Card title="Signatures" name="signatures">
            <dl class="sg-facts">
              <dt>OpenPGP</dt>
              <dd>
                <StateMark state={openpgp} />
              </dd>
              <dt>Sigstore</dt>
              <dd>
                <StateMark state={sigstore} />
              </dd>
              <dt>Mirrored</dt>
              <dd>
                <StateMark state={mirrored} />
              </dd>
            </dl>
            {shown.length > 0 && <Signatures signatures={shown} />}
          </Card>
          {quarantined.length > 0 && (
            <Card title="Taken out of the mirror" name="quarantined">
              <ul class="sg-list">
                {quarantined.map((entry) => (
                  <li key={`${entry.location ?? entry.key} ${entry.quarantinedAt}`}>
                    <code class="sg-mono">{entry.location ?? entry.key}</code>, <Time at={entry.quarantinedAt} />:{' '}
                    {toReasons(entry)}
                  </li>
                ))}
              </ul>
            </Card>
          )}
          <Card title="What was decided" name="verdicts">
            {verdicts.length === 0 ? <p>Nobody asked yet.</p> : <Verdicts verdicts={verdicts} />}
          </Card>
        </div>
        <Card title="To apply" name="manifests">
          {manifests === undefined ? (
            <p>There is nothing to apply: the mirror holds no signature of it.</p>
          ) : (
            <>
              <p>
                A cluster that cannot reach a signature store takes the signatures from this:{' '}
                <code>oc apply -f FILE</code>.
              </p>
              <Code what="manifest" text={manifests} />
            </>
          )}
          <p class="sg-subtle">
            Digest: <Hex text={digest} what="digest" />
          </p>
        </Card>
      </div>
    </>
  );
}

function Signatures({ signatures }: { readonly signatures: readonly ShownSignature[] }): JSX.Element {
  return (
    <ul class="sg-plain">
      {signatures.map(({ path, signers, attempts }) => (
        <li key={path}>
          <code class="sg-mono">{path}</code>
          <ul class="sg-list">
            {signers.map(({ keyring, fingerprint, signedAt, signedReference }) => (
              <li key={`${keyring} ${fingerprint}`}>
                <Hex text={fingerprint} what="fingerprint" /> of {keyring}, signed <Time at={signedAt} />
                {signedReference !== undefined && (
                  <>
                    {' '}
                    for <code class="sg-mono">{signedReference}</code>
                  </>
                )}
              </li>
            ))}
            {attempts
              .filter(({ code }) => code !== 'Verified')
              .map(({ keyring = '', code, message }) => (
                <li key={`${keyring} ${code}`}>
                  {keyring}: {toPhrase(code)}: {message}
                </li>
              ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}

function Verdicts({ verdicts }: { readonly verdicts: NonNullable<ReleaseDetail['verdicts']> }): JSX.Element {
  return (
    <Table
      label="Decisions about this release"
      rows={verdicts}
      toKey={({ id }) => id}
      columns={[
        {
          name: 'Decided',
          cell: ({ id, decidedAt }) => (
            <a href={formatAddress('decisions', id)}>
              <Time at={decidedAt} />
            </a>
          ),
        },
        { name: 'Outcome', cell: ({ outcome, forced }) => <OutcomeLabel outcome={outcome} forced={forced} /> },
        { name: 'Why', cell: ({ codes }) => <Clipped text={codes.map(toPhrase).join('; ') || '–'} /> },
        { name: 'Asked through', cell: ({ source }) => source },
      ]}
    />
  );
}

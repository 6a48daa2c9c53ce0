import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { StoredRecord, Verdict } from '../../api/answers.ts';
import { type Answer as Answered, post } from '../../api/ask.ts';
import type { TrustAnswer } from '../../api/trust-answers.ts';
import { Answer } from '../../parts/answer.tsx';
import { Card } from '../../parts/frame.tsx';
import { Empty, FaultNote, Skeleton } from '../../parts/notes.tsx';
import { OutcomeLabel } from '../../parts/outcome.tsx';
import { Story } from '../../parts/story.tsx';
import { Table } from '../../parts/table.tsx';
import { Code, Pullspec, Time } from '../../parts/words.tsx';
import { useResource } from '../../state/use-resource.ts';
import { formatAddress } from '../../text/address.ts';
import { toSentence } from '../../text/phrases.ts';

interface PullspecProps {
  readonly pullspec: string;
  readonly digest: string | undefined;
  readonly profile: string | undefined;
}

/** A verdict takes a button, because it is recorded; what was decided before is shown at once. */
export function CheckPullspec({ pullspec, digest, profile }: PullspecProps): JSX.Element {
  const trust = useResource<TrustAnswer>('/v1/trust');
  const profiles = trust.value?.profiles.map((one) => one.profile) ?? [];
  return (
    <>
      {(profiles.length === 0 ? [profile] : profile === undefined ? profiles : [profile]).map((one) => (
        <Ask key={`${pullspec} ${one}`} pullspec={pullspec} profile={one} isNamed={profiles.length > 1} />
      ))}
      {digest !== undefined && <Before digest={digest} />}
    </>
  );
}

function Ask({
  pullspec,
  profile,
  isNamed,
}: {
  readonly pullspec: string;
  readonly profile: string | undefined;
  readonly isNamed: boolean;
}): JSX.Element {
  const [answer, setAnswer] = useState<Answered<Verdict> | 'asking' | undefined>();
  const ask = (): void => {
    setAnswer('asking');
    void post<Verdict>('/v1/verify', { pullspec, ...(profile === undefined ? {} : { profile }) }).then(setAnswer);
  };
  if (answer === undefined || answer === 'asking') {
    return (
      <Card title={isNamed ? `Verdict by profile ${profile}` : 'Verdict'} name="ask">
        <p>
          <Pullspec text={pullspec} />
        </p>
        <button
          type="button"
          class="pf-v6-c-button pf-m-primary"
          onClick={ask}
          disabled={answer === 'asking'}
          data-verify
        >
          <span class="pf-v6-c-button__text">
            {answer === 'asking' ? 'Verifying …' : 'Verify now, and record the verdict'}
          </span>
        </button>
      </Card>
    );
  }
  if (answer.fault !== undefined) return <FaultNote fault={answer.fault} what="A verdict" />;
  const id = answer.location?.split('/').at(-1);
  return (
    <>
      <Answer verdict={answer.value} level="part">
        {id !== undefined && (
          <p>
            <a href={formatAddress('decisions', id)}>The decision, with its record</a>
          </p>
        )}
      </Answer>
      <Card title="How it was decided" name="story">
        <Story verdict={answer.value} />
      </Card>
    </>
  );
}

/** What was decided about a digest before. */
function Before({ digest }: { readonly digest: string }): JSX.Element {
  const path = `/v1/records/${encodeURIComponent(digest)}?limit=10`;
  const { value, fault } = useResource<{ readonly records: readonly StoredRecord[] }>(path);
  return (
    <Card title="Decided before" name="before">
      {value === undefined ? (
        fault === undefined ? (
          <Skeleton lines={3} />
        ) : (
          <FaultNote fault={fault} what="What was decided before" />
        )
      ) : value.records.length === 0 ? (
        <p>Nothing was ever decided about this digest.</p>
      ) : (
        <Table
          label="Decisions about this digest"
          rows={value.records}
          toKey={({ id }) => id}
          columns={[
            {
              name: 'Answer',
              cell: ({ id, verdict: { outcome, forced, reasons } }) => (
                <a href={formatAddress('decisions', id)}>
                  {toSentence(
                    outcome,
                    forced,
                    reasons.map(({ code }) => code),
                  )}
                </a>
              ),
            },
            {
              name: 'Outcome',
              cell: ({ verdict }) => <OutcomeLabel outcome={verdict.outcome} forced={verdict.forced} />,
            },
            { name: 'Profile', cell: ({ verdict }) => verdict.profile },
            { name: 'Decided', cell: ({ firstDecidedAt }) => <Time at={firstDecidedAt} /> },
          ]}
        />
      )}
    </Card>
  );
}

interface DigestProps {
  readonly digest: string;
  readonly profile: string | undefined;
}

/** A digest alone is asked for in the repository of each profile. */
export function CheckDigest({ digest, profile }: DigestProps): JSX.Element {
  const { value, fault } = useResource<TrustAnswer>('/v1/trust');
  const named = (value?.profiles ?? []).filter((one) => profile === undefined || one.profile === profile);
  return (
    <>
      {value === undefined &&
        (fault === undefined ? <Skeleton lines={3} /> : <FaultNote fault={fault} what="The profiles" />)}
      {named.map(({ profile: name, canonicalRepositories: [repository] }) =>
        repository === undefined ? null : (
          <Ask
            key={`${digest} ${name}`}
            pullspec={`${repository}@${digest}`}
            profile={name}
            isNamed={named.length > 1}
          />
        ),
      )}
      <Before digest={digest} />
    </>
  );
}

/** A SHA-256 without its algorithm: a record, if there is one of that id, and a digest. */
export function CheckHex({
  hex,
  profile,
}: {
  readonly hex: string;
  readonly profile: string | undefined;
}): JSX.Element {
  const record = useResource<StoredRecord>(`/v1/records/${hex}`);
  return (
    <>
      {record.value !== undefined && (
        <Card title="There is a record of this id" name="record">
          <a href={formatAddress('decisions', hex)}>Open the decision</a>
        </Card>
      )}
      <CheckDigest digest={`sha256:${hex}`} profile={profile} />
    </>
  );
}

/** The releases of a version. */
export function CheckVersion({ version }: { readonly version: string }): JSX.Element {
  return (
    <Empty icon="search" title={`Version ${version}`}>
      <p>
        <a href={formatAddress('releases', '', { q: version })}>Look for it among the releases</a> that the mirror and
        the update graphs know. Where none is known, resolve it to a digest, and check that:
      </p>
      <Code
        what="command"
        text={`oc adm release info quay.io/openshift-release-dev/ocp-release:${version} -o 'jsonpath={.digest}'`}
      />
    </Empty>
  );
}

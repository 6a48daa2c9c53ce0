import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { StoredRecord } from '../../api/answers.ts';
import { readFile } from '../../api/ask.ts';
import { saveBlob } from '../../api/save.ts';
import { Answer } from '../../parts/answer.tsx';
import { Card, PageHeader } from '../../parts/frame.tsx';
import { Icon } from '../../parts/icons.tsx';
import { FaultNote, Skeleton } from '../../parts/notes.tsx';
import { Story } from '../../parts/story.tsx';
import { Code, Hex, Pullspec, Time } from '../../parts/words.tsx';
import { useResource } from '../../state/use-resource.ts';
import { formatAddress, pick, type Query } from '../../text/address.ts';
import { formatCount } from '../../text/shorten.ts';
import { FILTERS } from './filter.tsx';
import { describeCaller } from './table.tsx';

/** One decision: the answer, what to do, and then the evidence in the order in which it was found. */
export function DecisionView({ id, query }: { readonly id: string; readonly query: Query }): JSX.Element {
  const { value, fault } = useResource<StoredRecord>(`/v1/records/${encodeURIComponent(id)}`);
  const back = formatAddress('decisions', '', pick(query, FILTERS));
  return (
    <>
      <nav aria-label="Breadcrumb" class="sg-back">
        <a href={back}>Decisions</a>
      </nav>
      {value === undefined ? (
        <>
          <PageHeader title="Decision" />
          {fault === undefined ? <Skeleton lines={14} /> : <FaultNote fault={fault} what="This decision" />}
        </>
      ) : (
        <Decision record={value} />
      )}
    </>
  );
}

function Decision({ record }: { readonly record: StoredRecord }): JSX.Element {
  const { id, verdict, asked, questions } = record;
  return (
    <>
      <Answer verdict={verdict} level="page" />
      <div class="sg-columns">
        <Card title="How it was decided" name="story">
          <Story verdict={verdict} asked={<Asked record={record} />} />
        </Card>
        <div class="sg-side">
          <Card title="Evidence" name="evidence">
            <dl class="sg-facts">
              <dt>Decided</dt>
              <dd>
                <Time at={verdict.decidedAt} />
              </dd>
              <dt>Profile</dt>
              <dd>
                <a href={formatAddress('trust', '', { profile: verdict.profile })}>{verdict.profile}</a>
              </dd>
              <dt>Trust revision</dt>
              <dd>
                <Hex text={verdict.trustRevision} what="trust revision" />
              </dd>
              <dt>Verifier</dt>
              <dd>{verdict.verifierVersion}</dd>
              {verdict.digest !== undefined && (
                <>
                  <dt>Digest</dt>
                  <dd>
                    <Hex text={verdict.digest} what="digest" />
                  </dd>
                </>
              )}
              <dt>Record</dt>
              <dd>
                <Hex text={id} what="record id" />
              </dd>
              <dt>Signatures in it</dt>
              <dd>{record.signatures.length}</dd>
            </dl>
            <SaveRecord record={record} />
          </Card>
          <Card title="Check it again, offline" name="recheck">
            <p>The record holds the bytes that decided. This command decides again from them, and contacts nothing:</p>
            <Code what="command" text={`signet record verify ${toRecordName(id)} --trust trust`} />
            <p class="sg-subtle">
              It needs the trust of revision {verdict.trustRevision.slice(0, 12)}…; where the documents have changed
              since, name the objects: <code>--objects data/objects</code>.
            </p>
          </Card>
          {questions !== undefined && questions.latest.length > 0 && (
            <Card
              title={`Asked ${formatCount(questions.times, 'time')}${questions.isMore === true ? ' or more' : ''}`}
              name="questions"
            >
              <ul class="sg-list">
                {questions.latest.map((question) => (
                  <li key={`${question.askedAt} ${question.source}`}>
                    <Time at={question.askedAt} /> · {describeCaller(question.source, question.caller)}
                    {question.forced && <strong> · forced it</strong>}
                  </li>
                ))}
              </ul>
            </Card>
          )}
        </div>
      </div>
    </>
  );

  function Asked({ record: { firstDecidedAt } }: { readonly record: StoredRecord }): JSX.Element {
    return (
      <p>
        <Time at={firstDecidedAt} /> through {describeCaller(asked.source, asked.caller)}:{' '}
        <Pullspec text={asked.pullspec} />
      </p>
    );
  }
}

function toRecordName(id: string): string {
  return `record-${id.slice(0, 12)}.json`;
}

/** The record as it is stored, byte for byte. */
function SaveRecord({ record: { id, verdict } }: { readonly record: StoredRecord }): JSX.Element {
  const [said, setSaid] = useState('');
  const save = async (): Promise<void> => {
    const subject = verdict.digest ?? 'undigested';
    const { value, fault } = await readFile(`/v1/records/${subject}/${encodeURIComponent(id)}`);
    if (fault === undefined) saveBlob(toRecordName(id), value);
    setSaid(fault === undefined ? `Saved as ${toRecordName(id)}` : `Not saved: ${fault.detail}`);
  };
  return (
    <p>
      <button type="button" class="pf-v6-c-button pf-m-secondary" onClick={() => void save()}>
        <span class="pf-v6-c-button__icon pf-m-start">
          <Icon name="download" />
        </span>
        <span class="pf-v6-c-button__text">Save the record</span>
      </button>{' '}
      <span class="sg-subtle" role="status">
        {said}
      </span>
    </p>
  );
}

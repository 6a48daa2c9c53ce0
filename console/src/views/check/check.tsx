import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { PageHeader } from '../../parts/frame.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty } from '../../parts/notes.tsx';
import { go } from '../../state/use-address.ts';
import type { Query } from '../../text/address.ts';
import { type Question, recognise } from '../../text/recognise.ts';
import { FIELD_HINT, toCheckAddress, toCheckText } from './field.tsx';
import { CheckDigest, CheckHex, CheckPullspec, CheckVersion } from './release.tsx';
import { CheckText } from './text.tsx';

/** What a question is taken for, in words. */
const KINDS: Readonly<Record<Question['kind'], string>> = {
  nothing: '',
  pullspec: 'This is a pullspec.',
  digest: 'This is a digest.',
  hex: 'This is a SHA-256 or the id of a record.',
  version: 'This is a version.',
  text: 'This is a text: it is searched for what release verification says.',
};

/** One field for whatever somebody has. The question is in the address; asking for a verdict takes a button. */
export function CheckView({ query }: { readonly query: Query }): JSX.Element {
  const asked = toCheckText(query);
  const question = recognise(asked);
  const isGone = query['long'] !== undefined && asked === '';
  return (
    <>
      <PageHeader
        title="Check"
        says="Paste what you have: a pullspec, a version, a digest, an error, or the YAML of an object."
      />
      <Ask key={asked} asked={asked} />
      {asked !== '' && <p class="sg-kind">{KINDS[question.kind]}</p>}
      {isGone ? (
        <Empty icon="info" title="The text is not in the link">
          <p>It was too long for one. Paste it again.</p>
        </Empty>
      ) : (
        <Result question={question} profile={query['profile']} />
      )}
    </>
  );
}

function Ask({ asked }: { readonly asked: string }): JSX.Element {
  const [text, setText] = useState(asked);
  const ask = (event: Event): void => {
    event.preventDefault();
    if (text.trim() !== '') go(toCheckAddress(text));
  };
  const lines = Math.min(14, Math.max(2, text.split('\n').length));
  return (
    <search class="sg-ask" aria-label="Check">
      <form class="sg-form" onSubmit={ask}>
        <span class="pf-v6-c-form-control pf-m-resize-vertical">
          <textarea
            id="field"
            data-field
            rows={lines}
            value={text}
            placeholder={FIELD_HINT}
            aria-label={`Check: ${FIELD_HINT}`}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              // One line is a question of its own; a text has many.
              if (event.key === 'Enter' && !event.shiftKey && !text.includes('\n')) ask(event);
            }}
          />
        </span>
        <button type="submit" class="pf-v6-c-button pf-m-primary">
          <span class="pf-v6-c-button__icon pf-m-start">
            <Icon name="search" />
          </span>
          <span class="pf-v6-c-button__text">Check</span>
        </button>
      </form>
    </search>
  );
}

function Result({
  question,
  profile,
}: {
  readonly question: Question;
  readonly profile: string | undefined;
}): JSX.Element {
  switch (question.kind) {
    case 'nothing':
      return (
        <Empty icon="search" title="Nothing is asked yet">
          <p>
            A pullspec or a digest leads to what was decided about it, and to a verdict. A version leads to its
            releases. An error or an object is explained, with what to apply.
          </p>
        </Empty>
      );
    case 'pullspec':
      return <CheckPullspec pullspec={question.pullspec} digest={question.digest} profile={profile} />;
    case 'digest':
      return <CheckDigest digest={question.digest} profile={profile} />;
    case 'hex':
      return <CheckHex hex={question.hex} profile={profile} />;
    case 'version':
      return <CheckVersion version={question.version} />;
    case 'text':
      return <CheckText text={question.text} />;
    default:
      return question satisfies never;
  }
}

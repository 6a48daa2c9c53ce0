import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Answer, post } from '../../api/ask.ts';
import { Card } from '../../parts/frame.tsx';
import { Empty, FaultNote, Note, Skeleton } from '../../parts/notes.tsx';
import { Code, Pullspec } from '../../parts/words.tsx';
import { formatAddress } from '../../text/address.ts';
import { formatCount, shortenText } from '../../text/shorten.ts';
import { toCheckAddress } from './field.tsx';

interface Fix {
  readonly say: string;
  readonly command?: string;
  readonly manifest?: unknown;
  readonly file?: { readonly name: string; readonly text: string };
}

interface Asked {
  readonly place: {
    readonly kind: string;
    readonly name?: string;
    readonly url?: string;
    readonly urls?: readonly string[];
  };
  readonly answer: string;
  readonly text: string;
}

interface Release {
  readonly digest?: string;
  readonly image?: string;
  readonly version?: string;
  readonly hosted?: string;
  readonly keyrings: readonly string[];
  readonly asked: readonly Asked[];
  readonly faults: readonly { readonly text: string }[];
  readonly search?: {
    readonly places: readonly { readonly role: string; readonly name: string; readonly outcome: string }[];
  } | null;
  readonly fixes: readonly Fix[];
}

interface Explained {
  readonly releases: readonly Release[];
  readonly pulls: readonly {
    readonly image?: string;
    readonly faults: readonly { readonly text: string }[];
    readonly fixes: readonly Fix[];
  }[];
  readonly gates: readonly { readonly version: string; readonly repository: string; readonly fixes: readonly Fix[] }[];
  readonly mentioned: readonly string[];
  readonly notUnderstood: readonly string[];
  readonly otherMessages: number;
}

/** An error or an object, explained: what it says about each release, and what to do. */
export function CheckText({ text }: { readonly text: string }): JSX.Element {
  const [answer, setAnswer] = useState<Answer<Explained> | undefined>();
  useEffect(() => {
    let isWanted = true;
    setAnswer(undefined);
    void post<Explained>('/v1/explain', { text }).then((given) => isWanted && setAnswer(given));
    return () => {
      isWanted = false;
    };
  }, [text]);
  if (answer === undefined) return <Skeleton lines={8} />;
  if (answer.fault !== undefined) return <FaultNote fault={answer.fault} what="An explanation" />;
  const { releases, pulls, gates, mentioned, notUnderstood, otherMessages } = answer.value;
  return (
    <>
      {releases.length + pulls.length + gates.length === 0 && (
        <Empty icon="search" title="Nothing in it says why a release or image was refused">
          <p>
            Paste the whole message, or the object: <code>oc get clusterversion version -o yaml</code>.
          </p>
        </Empty>
      )}
      {releases.map((release) => (
        <ReleaseCard key={`${release.digest} ${release.image} ${release.version}`} release={release} />
      ))}
      {pulls.map(({ image, faults, fixes }, index) => (
        <Card
          key={`${image} ${String(index)}`}
          title={image ?? 'An image that the text does not name'}
          name="explained"
        >
          <Said texts={faults.map((fault) => fault.text)} />
          <Fixes fixes={fixes} />
        </Card>
      ))}
      {gates.map(({ version, repository, fixes }) => (
        <Card key={`${version} ${repository}`} title={`Before ${version}`} name="explained">
          <p>
            It asks each mirror of <code>{repository}</code> for the Sigstore signatures of its releases.
          </p>
          <Fixes fixes={fixes} />
        </Card>
      ))}
      <Rest mentioned={mentioned} notUnderstood={notUnderstood} otherMessages={otherMessages} />
    </>
  );
}

/** The key of a search's outcome, in words. */
const PLACES: Readonly<Record<string, string>> = {
  held: 'has a signature that verifies',
  absent: 'has no signature of it',
  refused: 'has signatures, and they do not verify',
  failed: 'did not answer: nothing is known',
};

function ReleaseCard({ release }: { readonly release: Release }): JSX.Element {
  const { digest, image, version, hosted, keyrings, asked, faults, search, fixes } = release;
  const places = search?.places ?? [];
  return (
    <Card title={version === undefined ? 'A release' : `Release ${version}`} name="explained">
      <Fixes fixes={fixes} />
      {(image ?? digest) !== undefined && (
        <p>
          <Pullspec text={image ?? digest ?? ''} />
          {digest !== undefined && <a href={toCheckAddress(digest)}>Check it</a>}
        </p>
      )}
      {hosted !== undefined && <p>It is for the hosted cluster {hosted}.</p>}
      <Said texts={faults.map(({ text }) => text)} />
      {keyrings.length > 0 && <p>No signature satisfied {keyrings.join(', ')}.</p>}
      {(asked.length > 0 || places.length > 0) && (
        <details class="sg-details">
          <summary>Where signatures were looked for</summary>
          <ul class="sg-list">
            {asked.map(({ place, answer, text }) => (
              <li key={`${text} ${answer}`}>
                The cluster, at {toPlace(place)}: {answer} <span class="sg-subtle">{shortenText(text)}</span>
              </li>
            ))}
            {places.map(({ role, name, outcome }) => (
              <li key={`${role} ${name}`}>
                Signet, at the {role} {name}: {PLACES[outcome] ?? outcome}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}

function toPlace({ kind, name, url, urls }: Asked['place']): string {
  if (url !== undefined) return url;
  if (urls !== undefined) return urls.length === 0 ? 'all stores' : urls.join(', ');
  return name === undefined ? kind.replaceAll('-', ' ') : `${kind.replaceAll('-', ' ')} ${name}`;
}

function Said({ texts }: { readonly texts: readonly string[] }): JSX.Element | null {
  if (texts.length === 0) return null;
  return (
    <ul class="sg-list">
      {texts.map((text) => (
        <li key={text} class="sg-said">
          {text}
        </li>
      ))}
    </ul>
  );
}

/** What to do, ready to copy. */
function Fixes({ fixes }: { readonly fixes: readonly Fix[] }): JSX.Element | null {
  if (fixes.length === 0) return null;
  return (
    <Note tone="info" title="What to do">
      {fixes.map(({ say, command, manifest, file }) => (
        <div key={`${say} ${command}`} class="sg-fix">
          <p>{say}</p>
          {command !== undefined && <Code what="command" text={command} />}
          {manifest !== undefined && <Code what="manifest" text={JSON.stringify(manifest, null, 2)} />}
          {file !== undefined && <Code what={file.name} text={file.text} />}
        </div>
      ))}
    </Note>
  );
}

type RestProps = Pick<Explained, 'mentioned' | 'notUnderstood' | 'otherMessages'>;

function Rest({ mentioned, notUnderstood, otherMessages }: RestProps): JSX.Element | null {
  if (mentioned.length + notUnderstood.length + otherMessages === 0) return null;
  return (
    <Card title="The rest of the text" name="rest">
      {mentioned.length > 0 && (
        <ul class="sg-list">
          {mentioned.map((digest) => (
            <li key={digest}>
              Named in it: <a href={formatAddress('check', '', { q: digest })}>{digest}</a>
            </li>
          ))}
        </ul>
      )}
      {notUnderstood.length > 0 && (
        <details class="sg-details">
          <summary>{formatCount(notUnderstood.length, 'part')} not understood</summary>
          <ul class="sg-list">
            {notUnderstood.map((one) => (
              <li key={one} class="sg-said">
                {shortenText(one, 400)}
              </li>
            ))}
          </ul>
        </details>
      )}
      {otherMessages > 0 && <p>Left out: {formatCount(otherMessages, 'message')} about other things.</p>}
    </Card>
  );
}

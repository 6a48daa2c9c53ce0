import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useNow } from '../state/use-now.ts';
import { shortenHex, shortenPullspec, shortenText } from '../text/shorten.ts';
import { formatAbsolute, formatRelative } from '../text/times.ts';
import { Icon } from './icons.tsx';

/** A time, relative; the absolute one on hover and for readers of screens. */
export function Time({ at }: { readonly at: string | undefined }): JSX.Element {
  const now = useNow();
  if (at === undefined) return <>–</>;
  const absolute = formatAbsolute(at);
  return (
    <time dateTime={at} title={absolute} class="sg-time">
      {formatRelative(at, now)}
    </time>
  );
}

/** Milliseconds for which a copy button says that it copied. */
const SAID_MS = 1500;

interface CopyProps {
  readonly text: string;
  /** What is copied, as in `digest`. */
  readonly what: string;
  readonly children?: ComponentChildren;
}

/** Copies the whole of what is shown shortened beside it. */
function CopyButton({ text, what, children }: CopyProps): JSX.Element {
  const [said, setSaid] = useState<'copied' | 'failed' | undefined>();
  useEffect(() => {
    if (said === undefined) return undefined;
    const timer = setTimeout(() => setSaid(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    copyText(text).then(
      () => setSaid('copied'),
      () => setSaid('failed'),
    );
  };
  const word = said === undefined ? `Copy ${what}` : said === 'copied' ? 'Copied' : 'Not copied: select and copy it';
  return (
    <button type="button" class="pf-v6-c-button pf-m-plain sg-copy" aria-label={word} title={word} onClick={copy}>
      <Icon name={said === 'copied' ? 'done' : said === 'failed' ? 'warning' : 'copy'} />
      {children !== undefined && <span class="pf-v6-c-button__text">{children}</span>}
    </button>
  );
}

/** Pages on plain HTTP beyond loopback have no clipboard of their own. */
async function copyText(text: string): Promise<void> {
  if ('clipboard' in navigator) return await navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  if (!isCopied) throw new Error('there is no clipboard');
}

/** A digest, id or fingerprint: shortened in the middle, whole in the title and when copied. */
export function Hex({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  return (
    <span class="sg-hex">
      <code title={text}>{shortenHex(text)}</code>
      <CopyButton text={text} what={what} />
    </span>
  );
}

export function Pullspec({ text }: { readonly text: string }): JSX.Element {
  return (
    <span class="sg-hex">
      <code title={text}>{shortenPullspec(text)}</code>
      <CopyButton text={text} what="pullspec" />
    </span>
  );
}

/** Strangers' text in a cell: its end may be left out, and is in the title. */
export function Clipped({ text, max = 60 }: { readonly text: string; readonly max?: number }): JSX.Element {
  return <span title={text}>{shortenText(text, max)}</span>;
}

/** A command or a document, as it is, to be copied. */
export function Code({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  return (
    <div class="pf-v6-c-code-block sg-code">
      <div class="pf-v6-c-code-block__content">
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- What scrolls has to be reached by keys. */}
        <pre class="pf-v6-c-code-block__pre" tabIndex={0}>
          <code class="pf-v6-c-code-block__code">{text}</code>
        </pre>
      </div>
      <CopyButton text={text} what={what} />
    </div>
  );
}

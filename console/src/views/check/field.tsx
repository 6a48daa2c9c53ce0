import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from '../../parts/icons.tsx';
import { go } from '../../state/use-address.ts';
import { formatAddress } from '../../text/address.ts';

export const FIELD_HINT = 'pullspec, version, digest, or paste an error';

/** The one field: whatever is pasted, the view Check knows what it is. */
export function Field({ id }: { readonly id: string }): JSX.Element {
  const [text, setText] = useState('');
  const ask = (event: Event): void => {
    event.preventDefault();
    if (text.trim() !== '') go(toCheckAddress(text));
    setText('');
  };
  return (
    <search class="sg-field" aria-label="Check">
      <form class="sg-form" onSubmit={ask}>
        <div class="pf-v6-c-text-input-group">
          <div class="pf-v6-c-text-input-group__main pf-m-icon">
            <span class="pf-v6-c-text-input-group__text">
              <span class="pf-v6-c-text-input-group__icon">
                <Icon name="search" />
              </span>
              <input
                class="pf-v6-c-text-input-group__text-input"
                type="text"
                id={id}
                data-field
                value={text}
                placeholder={FIELD_HINT}
                aria-label={`Check: ${FIELD_HINT}`}
                autocomplete="off"
                spellcheck={false}
                onInput={(event) => setText(event.currentTarget.value)}
                onPaste={(event) => {
                  const pasted = event.clipboardData?.getData('text/plain') ?? '';
                  // A field of one line would join the lines of an error.
                  if (!pasted.trim().includes('\n')) return;
                  event.preventDefault();
                  go(toCheckAddress(pasted));
                }}
              />
            </span>
          </div>
        </div>
        <button type="submit" class="pf-v6-c-button pf-m-primary">
          <span class="pf-v6-c-button__text">Check</span>
        </button>
      </form>
    </search>
  );
}

/** Characters of a question that its link carries: a longer one stays in this page. */
const MAX_LINKED = 4000;
let unlinked = '';

/** The view Check with this question. */
export function toCheckAddress(text: string): string {
  unlinked = text.length > MAX_LINKED ? text : '';
  return formatAddress('check', '', unlinked === '' ? { q: text } : { long: String(text.length) });
}

/** The question that an address of {@link toCheckAddress} asks. A long one is gone once the page is. */
export function toCheckText(query: Readonly<Record<string, string>>): string {
  return query['long'] === undefined ? (query['q'] ?? '') : unlinked;
}

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { go } from '../../state/use-address.ts';
import { formatAddress, type Query } from '../../text/address.ts';

const ARCHITECTURES = ['amd64', 'arm64', 'ppc64le', 's390x', 'multi'] as const;

interface FilterProps {
  readonly filter: Query;
  readonly profiles: readonly string[];
}

/** A search by version or digest, in the address as every filter is. */
export function ReleaseFilter({ filter, profiles }: FilterProps): JSX.Element {
  const change = (name: string, value: string): void => {
    go(formatAddress('releases', '', { ...filter, [name]: value }), 'replace');
  };
  return (
    <search class="sg-filter" aria-label="Filter of releases">
      <Search key={filter['q'] ?? ''} text={filter['q'] ?? ''} change={(text) => change('q', text)} />
      <Choice name="architecture" label="Architecture" filter={filter} options={ARCHITECTURES} change={change} />
      {profiles.length > 1 && (
        <Choice name="profile" label="Profile" filter={filter} options={profiles} change={change} />
      )}
      {Object.keys(filter).length > 0 && (
        <a class="pf-v6-c-button pf-m-link sg-clear" href={formatAddress('releases')}>
          Take all away
        </a>
      )}
    </search>
  );
}

function Search({ text, change }: { readonly text: string; readonly change: (text: string) => void }): JSX.Element {
  const [typed, setTyped] = useState(text);
  const search = (event: Event): void => {
    event.preventDefault();
    change(typed.trim());
  };
  return (
    <form class="sg-control" onSubmit={search}>
      <label class="sg-label" for="filter-q">
        Version or digest
      </label>
      <span class="pf-v6-c-form-control">
        <input
          id="filter-q"
          type="text"
          value={typed}
          placeholder="4.16"
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onChange={search}
        />
      </span>
    </form>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly label: string;
  readonly filter: Query;
  readonly options: readonly string[];
  readonly change: (name: string, value: string) => void;
}

/** A value of the address that is not offered is shown all the same: it filters. */
function Choice({ name, label, filter, options, change }: ChoiceProps): JSX.Element {
  const value = filter[name] ?? '';
  const offered = value === '' || options.includes(value) ? options : [...options, value];
  return (
    <div class="sg-control">
      <label class="sg-label" for={`filter-${name}`}>
        {label}
      </label>
      <span class="pf-v6-c-form-control">
        <select id={`filter-${name}`} value={value} onChange={(event) => change(name, event.currentTarget.value)}>
          <option value="">All</option>
          {offered.map((option) => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      </span>
    </div>
  );
}

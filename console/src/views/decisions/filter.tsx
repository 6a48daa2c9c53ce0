import type { ComponentChildren, JSX } from 'preact';
import { go } from '../../state/use-address.ts';
import { formatAddress, type Query } from '../../text/address.ts';

/** The parameters of GET /v1/verdicts that are a filter. */
export const FILTERS = ['profile', 'outcome', 'repository', 'since', 'until', 'forced', 'source'] as const;

const OUTCOMES = [
  { value: '', word: 'All' },
  { value: 'accepted', word: 'Accepted' },
  { value: 'rejected', word: 'Rejected' },
  { value: 'indeterminate', word: 'Not decided' },
] as const;
const SOURCES = ['api', 'cli', 'admission', 'ecr', 'quay', 'harbor', 'distribution', 'github', 'dockerhub'] as const;

interface FilterProps {
  readonly filter: Query;
  readonly profiles: readonly string[];
}

/** The filter is the address: each change is a link that another person can open. */
export function DecisionFilter({ filter, profiles }: FilterProps): JSX.Element {
  const change = (name: string, value: string): void => {
    go(formatAddress('decisions', '', { ...filter, [name]: value }), 'replace');
  };
  const outcome = filter['outcome'] ?? '';
  return (
    <search class="sg-filter" aria-label="Filter of decisions">
      <fieldset class="sg-group">
        <legend class="sg-label">Outcome</legend>
        <div class="pf-v6-c-toggle-group">
          {OUTCOMES.map(({ value, word }) => (
            <div key={word} class="pf-v6-c-toggle-group__item">
              <button
                type="button"
                class={`pf-v6-c-toggle-group__button ${value === outcome ? 'pf-m-selected' : ''}`}
                aria-pressed={value === outcome}
                onClick={() => change('outcome', value)}
              >
                <span class="pf-v6-c-toggle-group__text">{word}</span>
              </button>
            </div>
          ))}
        </div>
      </fieldset>
      <Select name="profile" label="Profile" filter={filter} options={profiles} change={change} />
      <Select name="source" label="Asked through" filter={filter} options={SOURCES} change={change} />
      <Select
        name="forced"
        label="Forced"
        filter={filter}
        options={['true', 'false']}
        words={{ true: 'Forced', false: 'Not forced' }}
        change={change}
      />
      <Input name="since" label="Since (UTC)" type="date" filter={filter} change={change} />
      <Input name="until" label="Before (UTC)" type="date" filter={filter} change={change} />
      <Input name="repository" label="Repository" type="text" filter={filter} change={change} hint="quay.io/org/name" />
      {Object.keys(filter).length > 0 && (
        <a class="pf-v6-c-button pf-m-link sg-clear" href={formatAddress('decisions')}>
          Take all away
        </a>
      )}
    </search>
  );
}

interface ControlProps {
  readonly name: (typeof FILTERS)[number];
  readonly label: string;
  readonly filter: Query;
  readonly change: (name: string, value: string) => void;
}

interface SelectProps extends ControlProps {
  readonly options: readonly string[];
  readonly words?: Readonly<Record<string, string>>;
}

/** A value of the address that is not offered is shown all the same: it filters. */
function Select({ name, label, filter, change, options, words = {} }: SelectProps): JSX.Element {
  const value = filter[name] ?? '';
  const offered = value === '' || options.includes(value) ? options : [...options, value];
  return (
    <Control id={`filter-${name}`} label={label}>
      <select id={`filter-${name}`} value={value} onChange={(event) => change(name, event.currentTarget.value)}>
        <option value="">All</option>
        {offered.map((option) => (
          <option key={option} value={option}>
            {words[option] ?? option}
          </option>
        ))}
      </select>
    </Control>
  );
}

interface InputProps extends ControlProps {
  readonly type: 'date' | 'text';
  readonly hint?: string;
}

/** A time of the address that is no date has a field of text. */
function Input({ name, label, type, filter, change, hint = '' }: InputProps): JSX.Element {
  const value = filter[name] ?? '';
  const isDate = type === 'date' && (value === '' || /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value));
  const id = `filter-${name}`;
  const common = {
    id,
    defaultValue: value,
    onChange: (event: { readonly currentTarget: HTMLInputElement }) => change(name, event.currentTarget.value.trim()),
  };
  return (
    <Control id={id} label={label}>
      {isDate ? (
        <input key={value} type="date" {...common} />
      ) : (
        <input key={value} type="text" placeholder={hint} autocomplete="off" spellcheck={false} {...common} />
      )}
    </Control>
  );
}

function Control({
  id,
  label,
  children,
}: {
  readonly id: string;
  readonly label: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div class="sg-control">
      <label class="sg-label" for={id}>
        {label}
      </label>
      <span class="pf-v6-c-form-control">{children}</span>
    </div>
  );
}

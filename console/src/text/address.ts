export const VIEWS = ['overview', 'releases', 'decisions', 'check', 'mirror', 'trust', 'queues'] as const;
export type ViewName = (typeof VIEWS)[number];

export type Query = Readonly<Record<string, string>>;

/** What the address bar says: all of the page's state that another person needs. */
export interface Address {
  /** Undefined for a view that there is not. */
  readonly view: ViewName | undefined;
  /** What is selected, such as a decision. */
  readonly id: string;
  readonly query: Query;
}

/** Reads `#/view/id?name=value`. It may be anything: whoever made the link may be a stranger. */
export function parseAddress(hash: string): Address {
  const text = hash.replace(/^#?\/?/, '');
  const mark = text.indexOf('?');
  const [path, search] = mark < 0 ? [text, ''] : [text.slice(0, mark), text.slice(mark + 1)];
  const slash = path.indexOf('/');
  const [name, rest] = slash < 0 ? [path, ''] : [path.slice(0, slash), path.slice(slash + 1)];
  const view = name === '' ? 'overview' : VIEWS.find((one) => one === name);
  return { view, id: decode(rest), query: Object.fromEntries(new URLSearchParams(search)) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address as a link; members that are empty or undefined are left out. */
export function formatAddress(
  view: ViewName,
  id: string = '',
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const path = view === 'overview' && id === '' ? '' : id === '' ? view : `${view}/${encodeURIComponent(id)}`;
  const search = toSearch(query);
  return `#/${path}${search === '' ? '' : `?${search}`}`;
}

/** Parameters in the order of their names, so that the same state has the same link. */
export function toSearch(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value] as [string, string]],
  );
  const sorted = given.toSorted(([one], [other]) => (one < other ? -1 : 1));
  return new URLSearchParams(sorted).toString();
}

/** The parameters of these names alone: a link may bring any. */
export function pick(query: Query, names: readonly string[]): Query {
  return Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
}

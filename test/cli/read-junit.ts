/** An element of JUnit XML. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

/** What each element may hold, by name of child, and its attributes; `!` marks a required one (Jenkins' junit-10.xsd). */
const MODEL: Readonly<Record<string, { readonly holds: readonly string[]; readonly attributes: readonly string[] }>> = {
  testsuites: { holds: ['testsuite'], attributes: ['name', 'tests', 'failures', 'errors'] },
  testsuite: { holds: ['testcase'], attributes: ['name!', 'tests!', 'failures', 'errors', 'skipped'] },
  testcase: { holds: ['failure', 'error', 'system-out'], attributes: ['name!', 'classname'] },
  failure: { holds: [], attributes: ['type', 'message'] },
  error: { holds: [], attributes: ['type', 'message'] },
  'system-out': { holds: [], attributes: [] },
};
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Reads JUnit XML by XML 1.0's own grammar of what is in it, and refuses whatever else: characters that it forbids, markup
 * that is not escaped, elements and attributes that the schema does not have.
 */
export function readJunit(xml: string): Element {
  const at = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.exec(xml);
  if (at !== null) throw new Error(`a character that XML does not have, at ${at.index}`);
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  if (!xml.startsWith(head)) throw new Error('no XML declaration');
  const open: { element: Element; children: Element[] }[] = [];
  const root: Element[] = [];
  for (const [token] of xml
    .slice(head.length)
    .trim()
    .matchAll(/<[^>]*>|[^<]+|</g)) {
    const parent = open.at(-1);
    const into = parent?.children ?? root;
    if (!token.startsWith('<')) {
      if (parent === undefined && token.trim() !== '') throw new Error('text outside of the root');
      if (parent !== undefined) Object.assign(parent.element, { text: parent.element.text + decode(token) });
      continue;
    }
    const [, close, name = '', attributes = '', self] =
      /^<(\/?)([a-z-]+)((?: [a-z]+="[^"<>]*")*)(\/?)>$/.exec(token) ?? [];
    if (close === '/') {
      if (open.pop()?.element.name !== name) throw new Error(`${token} closes nothing`);
      continue;
    }
    const children: Element[] = [];
    const element = { name, attributes: readAttributes(name, attributes, token), children, text: '' };
    const expected = parent === undefined ? ['testsuites'] : (MODEL[parent.element.name]?.holds ?? []);
    if (!expected.includes(name)) throw new Error(`${token} below ${parent?.element.name ?? 'nothing'}`);
    into.push(element);
    if (self !== '/') open.push({ element, children });
  }
  const [only] = root;
  if (only === undefined || root.length > 1 || open.length > 0) throw new Error('not one whole element');
  return only;
}

function readAttributes(name: string, text: string, token: string): Readonly<Record<string, string>> {
  const model = MODEL[name]?.attributes ?? [];
  const entries = [...text.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(
    ([, key = '', value = '']) => [key, decode(value)] as const,
  );
  const given = entries.map(([key]) => key);
  const known = model.map((one) => one.replace('!', ''));
  if (new Set(given).size !== given.length || given.some((key) => !known.includes(key)))
    throw new Error(`attributes of ${token}`);
  if (model.some((one) => one.endsWith('!') && !given.includes(one.slice(0, -1))))
    throw new Error(`${token} lacks one`);
  return Object.fromEntries(entries);
}

function decode(text: string): string {
  return text.replaceAll(/&([a-z]*;?)/g, (_, name: string) => {
    const value = name.endsWith(';') ? ENTITIES[name.slice(0, -1)] : undefined;
    if (value === undefined) throw new Error(`&${name} is no entity`);
    return value;
  });
}

/** Every element of this name, at any depth. */
export function listElements(from: Element, name: string): readonly Element[] {
  return [...(from.name === name ? [from] : []), ...from.children.flatMap((child) => listElements(child, name))];
}

import { type Document, isAlias, isMap, isScalar, isSeq, visit } from 'yaml';

/** Aliases in one YAML document: looking each up costs a walk over the document. Kubernetes writes none. */
export const MAX_OBJECT_ALIASES = 64;

/** What is wrong with a document, and where it stands in its text. */
export interface YamlFault {
  readonly message: string;
  readonly offset: number;
}

/**
 * What is wrong with a parsed document that its content would not show: a key twice, a key that is no plain value, a merge
 * key that may replace what stands before it, too many aliases. The library finds the first by comparing each key with all
 * before it, which takes the square of a large mapping: it has to be told not to (`uniqueKeys: false`).
 */
export function findYamlFault(document: Document.Parsed): YamlFault | undefined {
  let fault: YamlFault | undefined;
  let aliases = 0;
  let mergedKeys = 0;
  const stop = (message: string, offset: number | undefined): symbol => {
    fault = { message, offset: offset ?? 0 };
    return visit.BREAK;
  };
  visit(document, {
    Alias(_, { range }) {
      if (++aliases <= MAX_OBJECT_ALIASES) return undefined;
      return stop(`more than ${MAX_OBJECT_ALIASES} aliases`, range?.[0]);
    },
    Map(_, { items, range }) {
      const keys = new Set<string>();
      for (const { key, value } of items) {
        if (!isScalar(key)) return stop('a key is not a plain value', range?.[0]);
        const name = String(key.value);
        if (keys.has(name)) return stop('Map keys must be unique', key.range?.[0]);
        const merged = isMerge(key.value) ? listMerged(document, value) : [];
        mergedKeys += merged.length;
        if (mergedKeys > MAX_MERGED_KEYS) return stop(`more than ${MAX_MERGED_KEYS} keys are merged`, key.range?.[0]);
        if (merged.some(isMerge)) return stop('what a merge key names has a merge key itself', key.range?.[0]);
        if (merged.some((one) => keys.has(String(one)))) return stop(LATE_MERGE, key.range?.[0]);
        keys.add(name);
      }
      return undefined;
    },
  });
  return fault;
}

/**
 * What ends a line in YAML 1.1, by which kubectl and other programs in Go read, and does not in YAML 1.2: what follows one
 * in a comment would be applied there and not be seen here.
 */
export const FOREIGN_BREAKS = /\r(?!\n)|[\u0085\u2028\u2029]/g;

/** The first of them outside quotes, in which it ends nothing but a line of text. */
export function findForeignBreak(text: string, documents: readonly Document[]): YamlFault | undefined {
  const breaks = Array.from(text.matchAll(FOREIGN_BREAKS), ({ index }) => index);
  if (breaks.length === 0) return undefined;
  const quoted: (readonly [number, number])[] = [];
  for (const document of documents) {
    visit(document, {
      Scalar(_, { type, range }) {
        if (range && (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE')) quoted.push([range[0], range[1]]);
      },
    });
  }
  // Scalars come in the order of the text, so each is passed once.
  let at = 0;
  for (const offset of breaks) {
    while ((quoted[at]?.[1] ?? Infinity) <= offset) at++;
    if (offset > (quoted[at]?.[0] ?? Infinity)) continue;
    const code = text.charCodeAt(offset).toString(16).toUpperCase().padStart(4, '0');
    return {
      message: `the character U+${code} ends a line for kubectl, and not for other programs: leave it out`,
      offset,
    };
  }
  return undefined;
}

/** In Go (yaml.v2, by which Kubernetes reads) the merged value replaces one before it, and elsewhere it does not. */
const LATE_MERGE =
  'a merge key has a key that stands before it: programs differ in which one counts, so write it first';

/** The library makes a symbol of a plain `<<`; a quoted one is a key like any other. */
function isMerge(key: unknown): boolean {
  return typeof key === 'symbol';
}

/** Keys that all merge keys of a document bring along: each costs as much as one that is written. */
export const MAX_MERGED_KEYS = 100_000;

/** The keys of what a merge key names: a mapping, or several in a sequence. More aliases than may be there are not looked up. */
function listMerged(document: Document.Parsed, named: unknown): readonly unknown[] {
  let aliases = 0;
  const toNode = (node: unknown): unknown => {
    if (!isAlias(node)) return node;
    return ++aliases > MAX_OBJECT_ALIASES ? undefined : node.resolve(document);
  };
  const list = toNode(named);
  return (isSeq(list) ? list.items : [list]).flatMap((source) => {
    const node = toNode(source);
    return isMap(node) ? node.items.map(({ key }) => (isScalar(key) ? key.value : undefined)) : [];
  });
}

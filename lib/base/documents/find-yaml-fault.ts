import { type Document, isScalar, visit } from 'yaml';

/** Aliases in one YAML document: looking each up costs a walk over the document. Kubernetes writes none. */
export const MAX_OBJECT_ALIASES = 64;

/** What is wrong with a document, and where it stands in its text. */
export interface YamlFault {
  readonly message: string;
  readonly offset: number;
}

/**
 * What is wrong with a parsed document that its content would not show: a key twice, a key that is no plain value, too many
 * aliases. The library finds the first by comparing each key with all before it, which takes the square of a large
 * mapping: it has to be told not to (`uniqueKeys: false`).
 */
export function findYamlFault(document: Document.Parsed): YamlFault | undefined {
  let fault: YamlFault | undefined;
  let aliases = 0;
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
      for (const { key } of items) {
        if (!isScalar(key)) return stop('a key is not a plain value', range?.[0]);
        const name = String(key.value);
        if (keys.has(name)) return stop('Map keys must be unique', key.range?.[0]);
        keys.add(name);
      }
      return undefined;
    },
  });
  return fault;
}

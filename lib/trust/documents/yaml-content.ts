import { isDeepStrictEqual } from 'node:util';
import { type Document, isAlias, isMap, isScalar, isSeq, Lexer, type Node, type Pair, type YAMLMap } from 'yaml';
import { isJsonObject, type JsonObject, type JsonValue, setMember } from '../../base/documents/json-value.ts';
import { ConfigurationError, type ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';
import type { Path } from './parsed-document.ts';

/** Values that one document may hold once its aliases are resolved: the bound on "billion laughs". */
export const MAX_YAML_NODES = 200_000;
/** Aliases in one document; looking each up costs a walk over the document. */
export const MAX_YAML_ALIASES = 100;

/** What a document's nodes are read with. */
export interface YamlSource {
  readonly document: string;
  readonly yaml: Document;
  readonly lineAt: (node: unknown) => number;
}

interface Reading extends YamlSource {
  nodes: number;
  aliases: number;
  readonly warnings: string[];
}

/**
 * Converts a document to plain values. Mapping keys must be strings; what a merge key names counts where the mapping
 * does not have the member itself; a key that occurs twice with the same value is a warning (Red Hat's own manifest has one), with different values an error.
 *
 * @throws ConfigurationError
 */
export function readYamlContent(source: YamlSource): { value: JsonValue; warnings: readonly string[] } {
  const reading: Reading = { ...source, nodes: 0, aliases: 0, warnings: [] };
  return { value: readNode(reading, source.yaml.contents, 0), warnings: reading.warnings };
}

/** Line of the member or element at a path, or of the last part of it that exists. */
export function lineOfPath(source: YamlSource, path: Path): number {
  let node: unknown = source.yaml.contents;
  let line = source.lineAt(node);
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(source.yaml);
    let at: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
      at = pair?.key;
      node = pair?.value;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      at = node;
    }
    if (at === undefined) return line;
    line = source.lineAt(at);
  }
  return line;
}

function readNode(reading: Reading, node: unknown, depth: number): JsonValue {
  if (depth > MAX_YAML_DEPTH) throw tooDeep(reading.document, reading.lineAt(node));
  if (++reading.nodes > MAX_YAML_NODES) {
    throw fault(reading, node, 'LimitExceeded', `more than ${MAX_YAML_NODES} values, aliases resolved`);
  }
  if (node === null || node === undefined) return null;
  if (isMap(node)) return readMap(reading, node, depth);
  if (isSeq(node)) return node.items.map((item) => readNode(reading, item, depth + 1));
  if (isAlias(node)) {
    if (++reading.aliases > MAX_YAML_ALIASES) {
      throw fault(reading, node, 'LimitExceeded', `more than ${MAX_YAML_ALIASES} aliases`);
    }
    const target: Node | undefined = node.resolve(reading.yaml);
    if (target === undefined) throw fault(reading, node, 'DocumentInvalid', `no anchor &${node.source} before this`);
    return readNode(reading, target, depth + 1);
  }
  const value: unknown = isScalar(node) ? node.value : undefined;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw fault(reading, node, 'DocumentInvalid', 'expected a string, a finite number, a boolean or null');
}

function readMap(reading: Reading, map: YAMLMap, depth: number): JsonObject {
  const object: JsonObject = {};
  let merged: readonly JsonObject[] | undefined;
  for (const { key, value: valueNode } of map.items) {
    if (isMergeKey(key)) {
      if (merged !== undefined) throw fault(reading, key, 'DuplicateKey', 'a merge key occurs twice');
      merged = readMerged(reading, key, valueNode, depth);
      continue;
    }
    const member = readKey(reading, key);
    const value = readNode(reading, valueNode, depth + 1);
    if (!Object.hasOwn(object, member)) {
      setMember(object, member, value);
    } else if (isDeepStrictEqual(object[member], value)) {
      const where = `${reading.document}:${reading.lineAt(key)}`;
      reading.warnings.push(`${where}: the key ${JSON.stringify(member)} occurs twice, with the same value`);
    } else {
      const reason = `the key ${JSON.stringify(member)} occurs twice, with different values`;
      throw fault(reading, key, 'DuplicateKey', reason);
    }
  }
  for (const other of merged ?? []) {
    for (const [member, value] of Object.entries(other)) {
      if (!Object.hasOwn(object, member)) setMember(object, member, value);
    }
  }
  return object;
}

function isMergeKey(key: Pair['key']): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

/** What a merge key names: a mapping or several, of which the first that has a member counts. */
function readMerged(reading: Reading, key: unknown, node: unknown, depth: number): readonly JsonObject[] {
  const value = readNode(reading, node, depth + 1);
  const objects = Array.isArray(value) ? value : [value];
  return objects.map((one) => {
    if (isJsonObject(one)) return one;
    throw fault(reading, key, 'DocumentInvalid', 'a merge key names a mapping or a list of mappings');
  });
}

function readKey(reading: Reading, key: Pair['key']): string {
  if (!isScalar(key) || typeof key.value !== 'string') {
    throw fault(reading, key, 'DocumentInvalid', 'a key that is not a string; quote it');
  }
  return key.value;
}

function fault(reading: Reading, node: unknown, code: ConfigurationErrorCode, reason: string): ConfigurationError {
  return new ConfigurationError(code, reason, {
    position: { document: reading.document, line: reading.lineAt(node) },
  });
}

/** Tokens of one file. The parser takes about 10 µs for each, also for those it refuses. */
export const MAX_YAML_TOKENS = 200_000;
/** Mappings and sequences inside each other, aliases resolved. */
export const MAX_YAML_DEPTH = 100;

// Announces that the next token is the text of a scalar.
const SCALAR = '\x1F';

/** Refuses text that would keep the parser busy for long, before it starts. @throws ConfigurationError `LimitExceeded` */
export function checkYamlTokens(document: string, text: string): void {
  let tokens = 0;
  let line = 1;
  let depth = 0;
  let previous = '';
  for (const token of new Lexer().lex(text)) {
    if (previous !== SCALAR) {
      if (token === '[' || token === '{') depth++;
      if (token === ']' || token === '}') depth--;
    }
    if (++tokens > MAX_YAML_TOKENS) {
      throw new ConfigurationError('LimitExceeded', `more than ${MAX_YAML_TOKENS} tokens`, {
        position: { document, line },
      });
    }
    if (depth > MAX_YAML_DEPTH) throw tooDeep(document, line);
    line += countLineFeeds(token);
    previous = token;
  }
}

function tooDeep(document: string, line: number): ConfigurationError {
  const reason = `more than ${MAX_YAML_DEPTH} mappings and sequences inside each other`;
  return new ConfigurationError('LimitExceeded', reason, { position: { document, line } });
}

function countLineFeeds(token: string): number {
  let count = 0;
  for (let at = token.indexOf('\n'); at >= 0; at = token.indexOf('\n', at + 1)) count++;
  return count;
}

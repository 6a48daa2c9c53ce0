import {
  type Document,
  type DocumentOptions,
  isNode,
  LineCounter,
  type ParseOptions,
  parseAllDocuments,
  type SchemaOptions,
} from 'yaml';
import { decodeUtf8 } from '../../base/documents/decode.ts';
import { findForeignBreak } from '../../base/documents/find-yaml-fault.ts';
import { isJsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../base/documents/parse-strict-json.ts';
import { ConfigurationError, type ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';
import { decodeReplacing } from '../../crypto/json-reader.ts';
import type { TrustDocument } from '../prepared/trust-document.ts';
import { documentError, type ParsedDocument } from './parsed-document.ts';
import { checkYamlTokens, lineOfPath, readYamlContent, type YamlSource } from './yaml-content.ts';

/** Bytes of one trust file; a Kubernetes object can be no larger. */
export const MAX_TRUST_FILE_BYTES = 1024 * 1024;

const YAML_OPTIONS = {
  version: '1.2',
  schema: 'core',
  merge: false,
  // Duplicates are judged when the nodes are read: identical ones are tolerated.
  uniqueKeys: false,
  // Without this, `!!set` and `!!binary` are read although the core schema has no such tags.
  resolveKnownTags: false,
  prettyErrors: false,
  strict: true,
} as const satisfies ParseOptions & DocumentOptions & SchemaOptions;

/**
 * Reads a file of YAML 1.2 documents, or of one JSON text when its name ends in `.json`. Items of Kubernetes `List`s
 * come back as documents of their own; empty documents do not come back.
 *
 * @throws ConfigurationError with the file's name and, where there is one, the line.
 */
export function parseTrustFile({ name, bytes }: TrustDocument): ParsedDocument[] {
  if (bytes.length > MAX_TRUST_FILE_BYTES) {
    throw atLine(name, undefined, `the file is longer than ${MAX_TRUST_FILE_BYTES} bytes`, 'LimitExceeded');
  }
  const isJson = name.toLowerCase().endsWith('.json');
  // Readers of YAML refuse what is no UTF-8; readers of JSON in clusters replace it.
  const text = isJson ? decodeReplacing(bytes) : decodeText(name, bytes);
  if (isJson) checkJsonGrammar(name, text);
  checkYamlTokens(name, text);
  const lines = new LineCounter();
  const documents = [...parseAllDocuments(text, { ...YAML_OPTIONS, lineCounter: lines })];
  // A policy that is checked here is applied by kubectl.
  const fault = isJson ? undefined : findForeignBreak(text, documents);
  if (fault !== undefined) throw atLine(name, lines.linePos(fault.offset).line, fault.message);
  return documents.flatMap((yaml) =>
    parseDocument(
      {
        document: name,
        yaml,
        lineAt: (node) => lines.linePos((isNode(node) ? node : yaml).range?.[0] ?? 0).line,
      },
      lines,
    ),
  );
}

function parseDocument(source: YamlSource, lines: LineCounter): ParsedDocument[] {
  const { document, yaml } = source;
  const [error] = [...yaml.errors, ...yaml.warnings];
  if (error !== undefined)
    throw atLine(document, lines.linePos(error.pos[0]).line, `cannot be read as YAML: ${error.message}`);
  checkVersion(source, yaml);
  const { value, warnings } = readYamlContent(source);
  if (value === null) return [];
  if (!isJsonObject(value)) throw atLine(document, source.lineAt(yaml.contents), 'expected a mapping');
  return unwrapList({ document, content: value, warnings, lineOf: (path) => lineOfPath(source, path) });
}

function checkVersion(source: YamlSource, yaml: Document): void {
  const { explicit, version } = yaml.directives?.yaml ?? {};
  if (explicit === true && version !== '1.2') {
    throw atLine(source.document, source.lineAt(yaml.contents), `YAML ${version} is not read: write YAML 1.2`);
  }
}

function unwrapList(list: ParsedDocument): ParsedDocument[] {
  const { apiVersion, kind, items } = list.content;
  if (kind !== 'List' || apiVersion !== 'v1') return [list];
  if (!Array.isArray(items)) throw documentError('DocumentInvalid', list, ['items'], 'a List without items');
  return items.flatMap((content, index) => {
    if (!isJsonObject(content)) throw documentError('DocumentInvalid', list, ['items', index], 'expected a mapping');
    return unwrapList({
      document: list.document,
      content,
      warnings: index === 0 ? list.warnings : [],
      lineOf: (path) => list.lineOf(['items', index, ...path]),
    });
  });
}

function decodeText(name: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    throw atLine(name, undefined, 'the file is not UTF-8', 'DocumentInvalid', cause);
  }
}

/** YAML is wider than JSON (comments, trailing commas), so a JSON file is checked as JSON first. */
function checkJsonGrammar(name: string, text: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    const offset = findJsonFault(text);
    const line = offset === undefined ? undefined : text.slice(0, offset).split('\n').length;
    throw atLine(
      name,
      line,
      'not JSON: no comments, trailing commas or text after the value',
      'DocumentInvalid',
      cause,
    );
  }
}

function findJsonFault(text: string): number | undefined {
  try {
    parseStrictJson(text);
    return undefined;
  } catch (error) {
    if (error instanceof StrictJsonError) return error.offset;
    throw error;
  }
}

function atLine(
  document: string,
  line: number | undefined,
  reason: string,
  code: ConfigurationErrorCode = 'DocumentInvalid',
  cause?: unknown,
): ConfigurationError {
  return new ConfigurationError(code, reason, {
    position: { document, line },
    ...(cause === undefined ? {} : { cause }),
  });
}

import { isJsonObject } from '../../base/documents/json-value.ts';
import { ConfigurationError, type ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { parseReference } from '../../base/names/reference.ts';
import { parseRegistryHost } from '../../base/names/registry-host.ts';
import { findSpellingFault, requireCanonicalScope } from '../../base/names/scope.ts';
import type { RegistriesD, RegistriesDSection } from './registries-d.ts';

const DEFAULT = 'default-docker';
const DOCKER = 'docker';
/** The members of a document that count. */
export const DOCUMENT_MEMBERS: ReadonlySet<string> = new Set([DEFAULT, DOCKER]);

/**
 * Merges the documents of a registries.d folder, those whose names end in `.yaml`, as nodes read them: members that are
 * not known do not count, and null and the empty text are as left out. No section may be given twice, not even in the
 * same words: which one would count depended on the order of the files.
 *
 * @throws ConfigurationError `DocumentInvalid` or `DuplicateKey`, with the document's name and the path in it
 */
export function readRegistriesD(documents: readonly RegistriesDDocument[]): RegistriesD {
  let defaultDocker: RegistriesDSection | undefined;
  const docker = new Map<string, RegistriesDSection>();
  for (const source of documents) {
    const { content } = source;
    if (!isJsonObject(content)) throw registriesDError('DocumentInvalid', source, [], 'expected a mapping');
    // A heading over nothing but comments is null, and says nothing.
    if (content[DEFAULT] !== undefined && content[DEFAULT] !== null) {
      const section = parseSection(source, [DEFAULT], content[DEFAULT]);
      if (defaultDocker !== undefined) throw duplicate(source, [DEFAULT], defaultDocker);
      defaultDocker = section;
    }
    for (const [key, value] of readNamespaces(source, content[DOCKER])) {
      const section = parseSection(source, [DOCKER, key], value);
      const namespace = readNamespace(source, key);
      const earlier = docker.get(namespace);
      if (earlier !== undefined) throw duplicate(source, [DOCKER, key], earlier);
      docker.set(namespace, section);
    }
  }
  return { defaultDocker, docker };
}

/** What nodes leave out of a document that {@link readRegistriesD} takes: each with its place. */
export function listIgnored({ document, content, lineOf }: RegistriesDDocument): readonly string[] {
  const found: { readonly path: MemberPath; readonly fault: string }[] = [];
  const noteUnknown = (path: MemberPath, value: unknown, known: ReadonlySet<string>): void => {
    const unknown = Object.keys(isJsonObject(value) ? value : {}).filter((member) => !known.has(member));
    for (const member of unknown) found.push({ path: [...path, member], fault: 'is not known, and nodes ignore it' });
  };
  const { [DEFAULT]: byDefault, [DOCKER]: docker } = isJsonObject(content) ? content : {};
  noteUnknown([], content, DOCUMENT_MEMBERS);
  noteUnknown([DEFAULT], byDefault, FIELDS);
  for (const [key, section] of Object.entries(isJsonObject(docker) ? docker : {})) {
    noteUnknown([DOCKER, key], section, FIELDS);
    const fault = findNamespaceFault(key);
    if (fault !== undefined) found.push({ path: [DOCKER, key], fault });
  }
  return found.map(({ path, fault }) => {
    const line = lineOf?.(path);
    return `${document}${line === undefined ? '' : `:${line}`}: ${path.join('.')} ${fault}`;
  });
}

function readNamespaces(source: RegistriesDDocument, value: unknown): readonly [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (isJsonObject(value)) return Object.entries(value);
  throw registriesDError('DocumentInvalid', source, [DOCKER], 'expected a mapping');
}

/** Nodes take any text. One in another spelling than theirs would seem to count, and does not. */
function readNamespace(source: RegistriesDDocument, key: string): string {
  const fault = findSpellingFault(key);
  if (fault !== undefined) throw registriesDError('DocumentInvalid', source, [DOCKER, key], fault);
  return findNamespaceFault(key) === undefined ? parseNamespace(key) : key;
}

function findNamespaceFault(key: string): string | undefined {
  try {
    parseNamespace(key);
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

function duplicate(source: RegistriesDDocument, path: readonly string[], { place }: RegistriesDSection) {
  return registriesDError('DuplicateKey', source, path, `the section is given twice, first in ${place}`);
}

const FIELDS: ReadonlySet<string> = new Set([
  'lookaside',
  'lookaside-staging',
  'sigstore',
  'sigstore-staging',
  'use-sigstore-attachments',
]);

/** @throws ConfigurationError `DocumentInvalid` for a field of another type */
function parseSection(source: RegistriesDDocument, path: MemberPath, content: unknown): RegistriesDSection {
  const section = content ?? {};
  if (!isJsonObject(section)) throw registriesDError('DocumentInvalid', source, path, 'expected a mapping');
  const readUrl = (field: string): string | undefined => {
    const value = section[field] ?? '';
    if (typeof value === 'object') {
      throw registriesDError('DocumentInvalid', source, [...path, field], 'expected a URL');
    }
    // To Go any scalar is a text.
    return value === '' ? undefined : String(value);
  };
  // All four are read, so that a fault in one that does not count is reported too.
  const [lookaside, sigstore] = [readUrl('lookaside'), readUrl('sigstore')];
  const [staging, sigstoreStaging] = [readUrl('lookaside-staging'), readUrl('sigstore-staging')];
  return {
    place: `${source.document}: ${path.join('.')}`,
    lookaside: lookaside ?? sigstore,
    lookasideStaging: staging ?? sigstoreStaging,
    useSigstoreAttachments: readAttachments(source, path, section['use-sigstore-attachments']),
  };
}

/** Words that Go's reader takes for true and false beside the two of YAML 1.2, also in quotation marks. */
const WORDS: ReadonlyMap<unknown, boolean> = new Map([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
]);

function readAttachments(source: RegistriesDDocument, path: MemberPath, value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  const read = typeof value === 'boolean' ? value : WORDS.get(value);
  if (read !== undefined) return read;
  const field = [...path, 'use-sigstore-attachments'];
  throw registriesDError('DocumentInvalid', source, field, 'expected true or false');
}

const WILDCARD = '*.';

/**
 * A key of `docker`, its host in canonical spelling: `*.domain`, a host, a namespace or repository in it, or an image by
 * tag or digest. Nothing else could ever match a reference. @throws InputError.
 */
function parseNamespace(text: string): string {
  requireCanonicalScope(text);
  if (text.startsWith(WILDCARD)) {
    // With a label in front, because `*.com` is a namespace although `com` is no host. Ports play no part.
    const host = parseRegistryHost(`a.${text.slice(WILDCARD.length)}`);
    if (host.includes(':')) throw invalid(text, 'a wildcard has no port');
    return `${WILDCARD}${host.slice('a.'.length)}`;
  }
  const slash = text.indexOf('/');
  const host = parseRegistryHost(slash < 0 ? text : text.slice(0, slash));
  if (slash < 0) return host;
  const path = text.slice(slash + 1);
  try {
    // One more component, so that Docker Hub's short names play no part.
    parseReference(`${host}/a/${path}`);
  } catch (cause) {
    throw invalid(text, 'it is neither a namespace nor an image', cause);
  }
  return `${host}/${path}`;
}

function invalid(text: string, fault: string, cause?: unknown): InputError {
  return new InputError('ArgumentInvalid', `${JSON.stringify(text)} cannot match an image: ${fault}`, { cause });
}

/** A path to a member of a document. */
type MemberPath = readonly string[];

/** The content of one file of registries.d, as a strict reader of YAML gave it. */
export interface RegistriesDDocument {
  /** The file's name. */
  readonly document: string;
  readonly content: unknown;
  /** Line of a member, from 1, where the reader knows it. */
  readonly lineOf?: ((path: MemberPath) => number) | undefined;
}

/** The operator's error at a member of a document. */
function registriesDError(
  code: ConfigurationErrorCode,
  { document, lineOf }: RegistriesDDocument,
  path: MemberPath,
  fault: string,
): ConfigurationError {
  const reason = path.length === 0 ? fault : `${path.join('.')}: ${fault}`;
  return new ConfigurationError(code, reason, { position: { document, line: lineOf?.(path) } });
}

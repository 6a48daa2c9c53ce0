import { isJsonObject } from '../../base/documents/json-value.ts';
import { ConfigurationError, type ConfigurationErrorCode } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { parseReference } from '../../base/names/reference.ts';
import { parseRegistryHost } from '../../base/names/registry-host.ts';
import { requireCanonicalScope } from '../../base/names/scope.ts';
import type { RegistriesD, RegistriesDSection } from './registries-d.ts';

const DEFAULT = 'default-docker';
const DOCKER = 'docker';

/**
 * Merges the documents of a registries.d folder, those whose names end in `.yaml`. No section may be given twice, not
 * even in the same words: which one would count depended on the order of the files.
 *
 * @throws ConfigurationError `DocumentInvalid` or `DuplicateKey`, with the document's name and the path in it
 */
export function readRegistriesD(documents: readonly RegistriesDDocument[]): RegistriesD {
  let defaultDocker: RegistriesDSection | undefined;
  const docker = new Map<string, RegistriesDSection>();
  for (const source of documents) {
    const { content } = source;
    if (!isJsonObject(content)) throw registriesDError('DocumentInvalid', source, [], 'expected a mapping');
    const unknown = Object.keys(content).find((field) => field !== DEFAULT && field !== DOCKER);
    if (unknown !== undefined) throw registriesDError('DocumentInvalid', source, [unknown], 'unknown field');
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

function readNamespaces(source: RegistriesDDocument, value: unknown): readonly [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (isJsonObject(value)) return Object.entries(value);
  throw registriesDError('DocumentInvalid', source, [DOCKER], 'expected a mapping');
}

function readNamespace(source: RegistriesDDocument, key: string): string {
  try {
    return parseNamespace(key);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw registriesDError('DocumentInvalid', source, [DOCKER, key], error.message);
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

/** @throws ConfigurationError `DocumentInvalid` for a field that is unknown or of another type. */
function parseSection(source: RegistriesDDocument, path: MemberPath, section: unknown): RegistriesDSection {
  if (!isJsonObject(section)) throw registriesDError('DocumentInvalid', source, path, 'expected a mapping');
  const unknown = Object.keys(section).find((field) => !FIELDS.has(field));
  if (unknown !== undefined) throw registriesDError('DocumentInvalid', source, [...path, unknown], 'unknown field');

  const readUrl = (field: string): string | undefined => {
    const value = section[field];
    if (value === undefined) return undefined;
    if (typeof value === 'string' && value !== '') return value;
    throw registriesDError('DocumentInvalid', source, [...path, field], 'expected a URL');
  };
  const attachments = section['use-sigstore-attachments'];
  if (attachments !== undefined && typeof attachments !== 'boolean') {
    const field = [...path, 'use-sigstore-attachments'];
    throw registriesDError('DocumentInvalid', source, field, 'expected true or false');
  }
  // All four are read, so that a fault in one that does not count is reported too.
  const [lookaside, sigstore] = [readUrl('lookaside'), readUrl('sigstore')];
  const [staging, sigstoreStaging] = [readUrl('lookaside-staging'), readUrl('sigstore-staging')];
  return {
    place: `${source.document}: ${path.join('.')}`,
    lookaside: lookaside ?? sigstore,
    lookasideStaging: staging ?? sigstoreStaging,
    useSigstoreAttachments: attachments,
  };
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

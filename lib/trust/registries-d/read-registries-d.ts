import { isJsonObject } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { parseNamespace } from './parse-namespace.ts';
import { parseSection } from './parse-section.ts';
import type { RegistriesD, RegistriesDSection } from './registries-d.ts';
import { type RegistriesDDocument, registriesDError } from './registries-d-document.ts';

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

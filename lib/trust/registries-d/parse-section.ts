import { isJsonObject } from '../../base/documents/json-value.ts';
import type { RegistriesDSection } from './registries-d.ts';
import { type MemberPath, type RegistriesDDocument, registriesDError } from './registries-d-document.ts';

const FIELDS: ReadonlySet<string> = new Set([
  'lookaside',
  'lookaside-staging',
  'sigstore',
  'sigstore-staging',
  'use-sigstore-attachments',
]);

/** @throws ConfigurationError `DocumentInvalid` for a field that is unknown or of another type. */
export function parseSection(source: RegistriesDDocument, path: MemberPath, section: unknown): RegistriesDSection {
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
  // All four are read, so that a fault in the one that does not count is told too.
  const [lookaside, sigstore] = [readUrl('lookaside'), readUrl('sigstore')];
  const [staging, sigstoreStaging] = [readUrl('lookaside-staging'), readUrl('sigstore-staging')];
  return {
    place: `${source.document}: ${path.join('.')}`,
    lookaside: lookaside ?? sigstore,
    lookasideStaging: staging ?? sigstoreStaging,
    useSigstoreAttachments: attachments,
  };
}

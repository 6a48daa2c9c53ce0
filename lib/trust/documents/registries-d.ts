import type { RegistriesDDocument } from '../prepared/prepared-trust.ts';
import { readRegistriesD } from '../registries-d/read-registries-d.ts';
import type { ParsedDocument } from './parsed-document.ts';

export interface RegistriesDFile {
  readonly kind: 'registries.d';
  readonly source: ParsedDocument;
  readonly registries: RegistriesDDocument;
}

/** Files in this folder are registries.d documents whatever they hold. */
export const REGISTRIES_D = 'registries.d';

/** A containers-registries.d(5) document, carried whole. @throws ConfigurationError `DocumentInvalid`, `DuplicateKey` */
export function parseRegistriesD(source: ParsedDocument): RegistriesDFile {
  readRegistriesD([source]);
  return { kind: 'registries.d', source, registries: { document: source.document, content: source.content } };
}

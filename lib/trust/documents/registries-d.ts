import { z } from 'zod';
import type { RegistriesDDocument } from '../prepared-trust.ts';
import type { ParsedDocument } from './parsed-document.ts';
import { readContent } from './read-content.ts';

export interface RegistriesDFile {
  readonly kind: 'registries.d';
  readonly source: ParsedDocument;
  readonly registries: RegistriesDDocument;
}

/** Files in this folder are registries.d documents whatever they hold. */
export const REGISTRIES_D = 'registries.d';

const namespace = z.record(z.string(), z.json());
const schema = z.strictObject({
  'default-docker': namespace.optional(),
  docker: z.record(z.string(), namespace).optional(),
});

/** A containers-registries.d(5) document, carried whole. @throws ConfigurationError `DocumentInvalid` */
export function parseRegistriesD(source: ParsedDocument): RegistriesDFile {
  readContent(schema, source);
  return { kind: 'registries.d', source, registries: { document: source.document, content: source.content } };
}

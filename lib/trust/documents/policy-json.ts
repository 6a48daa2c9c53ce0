import { z } from 'zod';
import type { ConfiguredImagePolicy } from '../prepared-trust.ts';
import type { ParsedDocument } from './parsed-document.ts';
import { readContent } from './read-content.ts';

export interface PolicyJsonDocument {
  readonly kind: 'policy.json';
  readonly source: ParsedDocument;
  readonly policy: ConfiguredImagePolicy;
}

// An empty list of requirements is not "nothing required": containers-policy.json(5) has no such form.
const requirements = z.array(z.looseObject({ type: z.string().min(1) })).min(1);
const schema = z.strictObject({
  default: requirements,
  transports: z.record(z.string(), z.record(z.string(), requirements)).optional(),
});

/** A containers-policy.json(5), carried whole. @throws ConfigurationError `DocumentInvalid` */
export function parsePolicyJson(source: ParsedDocument): PolicyJsonDocument {
  readContent(schema, source);
  const policy: ConfiguredImagePolicy = {
    kind: 'policy.json',
    name: source.document,
    document: source.document,
    coverage: { kind: 'everything' },
    content: source.content,
  };
  return { kind: 'policy.json', source, policy };
}

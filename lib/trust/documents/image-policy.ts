import { z } from 'zod';
import type { ConfiguredImagePolicy } from '../prepared-trust.ts';
import { metadataField, scopeField } from './fields.ts';
import type { ParsedDocument } from './parsed-document.ts';
import { readContent } from './read-content.ts';

export interface ImagePolicyDocument {
  readonly kind: 'ImagePolicy';
  readonly source: ParsedDocument;
  readonly policy: ConfiguredImagePolicy;
}

/** Scopes of one policy (`openshift/api` config/v1, types_image_policy.go). */
const MAX_SCOPES = 256;

const schema = z.looseObject({
  kind: z.enum(['ClusterImagePolicy', 'ImagePolicy']),
  metadata: metadataField,
  spec: z.strictObject({
    scopes: z.array(scopeField).min(1).max(MAX_SCOPES),
    policy: z.looseObject({ rootOfTrust: z.looseObject({ policyType: z.string().min(1) }) }),
  }),
});

/** A ClusterImagePolicy or ImagePolicy, carried whole. @throws ConfigurationError `DocumentInvalid` */
export function parseImagePolicy(source: ParsedDocument): ImagePolicyDocument {
  const { kind, metadata, spec } = readContent(schema, source);
  const policy: ConfiguredImagePolicy = {
    kind,
    name: metadata.name,
    document: source.document,
    coverage: { kind: 'scopes', scopes: spec.scopes },
    content: source.content,
  };
  return { kind: 'ImagePolicy', source, policy };
}

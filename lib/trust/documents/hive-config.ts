import * as v from 'valibot';
import { plainObject } from '../../base/documents/schema.ts';
import { documentError, documentWarning, type ParsedDocument, readContent } from './parsed-document.ts';

/** The ConfigMap that Hive verifies releases with. */
export interface ConfigMapReference {
  readonly namespace: string;
  readonly name: string;
}

export interface HiveConfigDocument {
  readonly kind: 'HiveConfig';
  readonly source: ParsedDocument;
  readonly reference: ConfigMapReference | undefined;
  readonly warnings: readonly string[];
}

const PATH = ['spec', 'releaseImageVerificationConfigMapRef'];

const schema = v.looseObject({
  spec: v.optional(
    v.pipe(
      plainObject,
      v.looseObject({
        releaseImageVerificationConfigMapRef: v.nullish(
          v.pipe(plainObject, v.strictObject({ namespace: v.optional(v.string()), name: v.optional(v.string()) })),
        ),
      }),
    ),
  ),
});

/** A reference without a name turns Hive's check off; it never turns off Signet's. @throws ConfigurationError */
export function parseHiveConfig(source: ParsedDocument): HiveConfigDocument {
  const written = readContent(schema, source).spec?.releaseImageVerificationConfigMapRef ?? undefined;
  const { namespace = '', name = '' } = written ?? {};
  if (name === '') {
    const text = 'a releaseImageVerificationConfigMapRef without a name selects nothing';
    const warnings = written === undefined ? [] : [documentWarning(source, PATH, text)];
    return { kind: 'HiveConfig', source, reference: undefined, warnings };
  }
  if (namespace === '') {
    const reason = `${PATH.join('.')} names the ConfigMap ${JSON.stringify(name)} without a namespace`;
    throw documentError('DocumentInvalid', source, PATH, reason);
  }
  return { kind: 'HiveConfig', source, reference: { namespace, name }, warnings: [] };
}

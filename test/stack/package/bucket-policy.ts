import * as v from 'valibot';
import type { AwsCall } from './aws/aws-call.ts';
import { isLike } from './grants.ts';
import { createResolver } from './resolve-values.ts';
import type { Template } from './template.ts';

const CONDITION_KEYS = { 's3:if-none-match': 'create', 's3:if-match': 'replace' } as const;
const Name = v.picklist(['s3:if-none-match', 's3:if-match']);

/** A statement that denies puts without a condition: what is not of this form is no such statement. */
const Denial = v.strictObject({
  Sid: v.string(),
  Effect: v.literal('Deny'),
  Principal: v.literal('*'),
  Action: v.literal('s3:PutObject'),
  Resource: v.array(v.string()),
  Condition: v.strictObject({
    Null: v.record(Name, v.literal('true')),
    Bool: v.strictObject({ 's3:ObjectCreationOperation': v.literal('true') }),
  }),
});
/** A statement that denies everybody to delete. */
const Keeping = v.strictObject({
  Sid: v.string(),
  Effect: v.literal('Deny'),
  Principal: v.literal('*'),
  Action: v.strictTuple([v.literal('s3:DeleteObject'), v.literal('s3:DeleteObjectVersion')]),
  Resource: v.array(v.string()),
});
const Policy = v.object({ PolicyDocument: v.object({ Statement: v.array(v.unknown()) }) });

/**
 * The puts of whole objects that the bucket's policy denies, by the names of the statements. All keys of a condition
 * have to hold: `Null` holds for a header that the request does not have.
 *
 * @param settled a template whose conditions are decided
 */
export function listDenied(settled: Template, calls: readonly AwsCall[]): readonly string[] {
  const denials = readStatements(settled, Denial);
  const puts = calls.filter(({ action }) => action === 's3:PutObject');
  return puts.flatMap(({ resource, condition }) =>
    denials
      .filter(({ Resource: patterns }) => patterns.some((pattern) => isLike(pattern, resource)))
      .filter(({ Condition: { Null: absent } }) =>
        v.parse(v.array(Name), Object.keys(absent)).every((name) => CONDITION_KEYS[name] !== condition),
      )
      .map(({ Sid: id }) => `${id}: ${resource.slice(resource.indexOf('/') + 1)}`),
  );
}

/** The resources whose deletion the bucket's policy denies to everybody. */
export function listKept(settled: Template, resources: readonly string[]): readonly string[] {
  const patterns = readStatements(settled, Keeping).flatMap(({ Resource }) => Resource);
  return resources.filter((resource) => patterns.some((pattern) => isLike(pattern, resource)));
}

/** The statements of the bucket's policy that are of this form. */
function readStatements<T>(settled: Template, schema: v.GenericSchema<unknown, T>): readonly T[] {
  const properties = createResolver(settled)(settled.Resources['ObjectsBucketPolicy']?.Properties);
  return v.parse(Policy, properties).PolicyDocument.Statement.flatMap((statement) => {
    const read = v.safeParse(schema, statement);
    return read.success ? [read.output] : [];
  });
}

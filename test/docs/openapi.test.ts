import { Validator } from '@seriousme/openapi-schema-validator';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import type { ConfigurationErrorCode } from '../../lib/base/errors/configuration-error.ts';
import type { InputErrorCode } from '../../lib/base/errors/input-error.ts';
import { REASON_CODES } from '../../lib/base/errors/reason-code.ts';
import { VERIFIER_VERSION } from '../../lib/verdict/judge/verdict.ts';
import { ROUTES } from '../../local/routes.ts';
import { compileSchema, listExamples, openapi, operations, resolvePointer, written } from './read-openapi.ts';

const IAM_FREE = [
  '/healthz',
  '/webhooks/{source}',
  '/webhooks/{source}/{token}',
  '/admission/{path+}',
  '/signatures/{path+}',
  '/lookaside/{path+}',
  '/api/upgrades_info/signatures/{path+}',
  '/pub/openshift-v4/signatures/openshift/release/{path+}',
  '/openshift-release/official/signatures/openshift/release/{path+}',
  '/',
  '/console/{path+}',
  '/console.json',
];

/** Every code that a problem document can have. A code that is added to the unions and not here does not compile. */
const PROBLEM_CODES: Readonly<
  Record<
    | InputErrorCode
    | ConfigurationErrorCode
    | 'Internal'
    | 'MethodNotAllowed'
    | 'NotAcceptable'
    | 'NotAuthenticated'
    | 'NotFound'
    | 'StoreUnavailable',
    true
  >
> = {
  ArgumentInvalid: true,
  BodyInvalid: true,
  BodyTooLarge: true,
  DigestInvalid: true,
  DocumentInvalid: true,
  DuplicateKey: true,
  FileUnreadable: true,
  ForceNotAllowed: true,
  Internal: true,
  KeyUnreadable: true,
  KeyUnsupported: true,
  KindUnknown: true,
  LimitExceeded: true,
  MediaTypeUnsupported: true,
  MethodNotAllowed: true,
  ModeNotAllowed: true,
  NotAcceptable: true,
  NotAuthenticated: true,
  NotFound: true,
  ProfileUnknown: true,
  PublishConflict: true,
  PullspecInvalid: true,
  RevisionInvalid: true,
  SchemaUnsupported: true,
  StoreUnavailable: true,
  TrustMissing: true,
  TrustUnusable: true,
};

describe('docs/openapi.yaml', () => {
  test('is OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(written));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  test('has the routes of the service', () => {
    const described = operations.map(({ method, route }) => `${method} ${route}`);
    const expected = ROUTES.map(({ method, path: route }) => `${method} ${route}`);
    expect(described.toSorted(compare)).toEqual(expected.toSorted(compare));
  });

  test('asks for credentials everywhere but for signatures, webhooks, admission, health and the page’s files', () => {
    const open = operations.filter(({ operation }) => operation.security?.some((one) => Object.keys(one).length === 0));
    expect(new Set(open.map(({ route }) => route))).toEqual(new Set(IAM_FREE));
  });

  test('names each operation once', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('has the closed unions of the code', () => {
    expect(openapi.components.schemas['ReasonCode']?.enum).toEqual([...REASON_CODES]);
    const problem = v.parse(
      v.object({ enum: v.array(v.string()) }),
      resolvePointer('#/components/schemas/Problem/properties/code'),
    );
    expect(problem.enum).toEqual(Object.keys(PROBLEM_CODES));
  });

  test('has the version of the service', () => {
    expect(`signet/${openapi.info.version}`).toBe(VERIFIER_VERSION);
  });

  const examples = listExamples();
  test('has examples', () => {
    expect(examples.length).toBeGreaterThan(8);
  });

  test.each(examples)('has an example that fits its schema: $name', ({ value, schema }) => {
    const validate = compileSchema(schema);
    validate(value);
    expect(validate.errors).toBeNull();
  });
});

function compare(one: string, other: string): number {
  return one < other ? -1 : 1;
}

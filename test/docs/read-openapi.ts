import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { z } from 'zod';

const FILE = path.join(import.meta.dirname, '../../docs/openapi.yaml');

const Example = z.object({ value: z.unknown() });
const Referred = z.object({ $ref: z.string() });
const Header = z.object({ required: z.boolean().default(false), schema: z.looseObject({}) });
const Media = z.object({ examples: z.record(z.string(), z.union([Referred, Example])).default({}) });
const Response = z.object({
  headers: z.record(z.string(), z.union([Referred, Header])).default({}),
  content: z.record(z.string(), Media).default({}),
});
const Operation = z.object({
  operationId: z.string(),
  security: z.array(z.record(z.string(), z.unknown())).optional(),
  requestBody: z.union([Referred, z.object({ content: z.record(z.string(), Media) })]).optional(),
  responses: z.record(z.string(), z.union([Referred, Response])),
});
const PathItem = z.object({
  'x-gateway-path': z.string().optional(),
  get: Operation.optional(),
  head: Operation.optional(),
  post: Operation.optional(),
});
const Document = z.looseObject({
  info: z.object({ version: z.string() }),
  paths: z.record(z.string(), PathItem),
  components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({ enum: z.array(z.string()).optional() })) }),
});

/** The description of the API, as it is written. */
export const written = z.record(z.string(), z.unknown()).parse(parse(readFileSync(FILE, 'utf8')));
export const openapi = Document.parse(written);

export interface DescribedOperation {
  readonly method: string;
  /** As API Gateway spells it. */
  readonly route: string;
  readonly operation: z.infer<typeof Operation>;
  /** Of the operation within the document. */
  readonly pointer: string;
}

export const operations: readonly DescribedOperation[] = Object.entries(openapi.paths).flatMap(([name, item]) => {
  const route = item['x-gateway-path'] ?? name;
  return (['get', 'head', 'post'] as const).flatMap((method) => {
    const operation = item[method];
    const pointer = `#/paths/${escapeSegment(name)}/${method}`;
    return operation === undefined ? [] : [{ method: method.toUpperCase(), route, operation, pointer }];
  });
});

export interface DescribedResponse extends z.infer<typeof Response> {
  readonly pointer: string;
}

export function describeResponse({ operation, pointer }: DescribedOperation, status: string): DescribedResponse {
  const found = operation.responses[status];
  if (found === undefined) throw new Error(`${operation.operationId} does not say what ${status} is`);
  if ('$ref' in found) return { ...Response.parse(resolvePointer(found.$ref)), pointer: found.$ref };
  return { ...found, pointer: `${pointer}/responses/${status}` };
}

const ajv = new Ajv2020({ strict: true, allErrors: true, validateSchema: false });
addFormats.default(ajv);
// Keywords of a whole description: unknown ones in a schema are still refused.
ajv.addVocabulary(Object.keys(written));
ajv.addSchema(written, 'openapi');

/** A validator of the schema at a place of the document. */
export function compileSchema(pointer: string): ValidateFunction {
  return ajv.compile({ $ref: `openapi${pointer}` });
}

/** Faults of a header's value, or none. */
export function checkHeader({ pointer, headers }: DescribedResponse, name: string, value: unknown): readonly string[] {
  const header = headers[name];
  const described = header === undefined || !('$ref' in header) ? header : Header.parse(resolvePointer(header.$ref));
  if (described === undefined || (value === undefined && !described.required)) return [];
  const validate = compileSchema(
    `${header !== undefined && '$ref' in header ? header.$ref : `${pointer}/headers/${name}`}/schema`,
  );
  return validate(value) ? [] : [`${name}: ${ajv.errorsText(validate.errors)}`];
}

export interface DescribedExample {
  readonly name: string;
  readonly value: unknown;
  readonly schema: string;
}

/** Every example of a body, with the place of the schema that it has to fit. */
export function listExamples(value: unknown = written, pointer = '#'): readonly DescribedExample[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = `${pointer}/${escapeSegment(key)}`;
    if (key !== 'content') return listExamples(inner, place);
    return Object.entries(z.record(z.string(), Media).parse(inner)).flatMap(([type, { examples }]) =>
      Object.entries(examples).map(([name, example]) => ({
        name: `${place} ${name}`,
        value: Example.parse('$ref' in example ? resolvePointer(example.$ref) : example).value,
        schema: `${place}/${escapeSegment(type)}/schema`,
      })),
    );
  });
}

export function resolvePointer(pointer: string): unknown {
  const segments = pointer.slice(2).split('/');
  return segments.reduce<unknown>((value, segment) => {
    const name = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    return z.record(z.string(), z.unknown()).parse(value)[name];
  }, written);
}

/** A name as a segment of a pointer in a URI fragment. */
export function escapeSegment(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

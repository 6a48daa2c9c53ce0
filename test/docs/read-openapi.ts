import { readFileSync } from 'node:fs';
import path from 'node:path';
import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as v from 'valibot';
import { parse } from 'yaml';

const FILE = path.join(import.meta.dirname, '../../docs/openapi.yaml');

const Example = v.object({ value: v.unknown() });
const Referred = v.object({ $ref: v.string() });
const Header = v.object({ required: v.optional(v.boolean(), false), schema: v.looseObject({}) });
const Media = v.object({ examples: v.optional(v.record(v.string(), v.union([Referred, Example])), {}) });
const Response = v.object({
  headers: v.optional(v.record(v.string(), v.union([Referred, Header])), {}),
  content: v.optional(v.record(v.string(), Media), {}),
});
const Operation = v.object({
  operationId: v.string(),
  security: v.optional(v.array(v.record(v.string(), v.unknown()))),
  requestBody: v.optional(v.union([Referred, v.object({ content: v.record(v.string(), Media) })])),
  responses: v.record(v.string(), v.union([Referred, Response])),
});
const PathItem = v.object({
  'x-gateway-path': v.optional(v.string()),
  get: v.optional(Operation),
  head: v.optional(Operation),
  options: v.optional(Operation),
  post: v.optional(Operation),
});
const Document = v.looseObject({
  info: v.object({ version: v.string() }),
  paths: v.record(v.string(), PathItem),
  components: v.looseObject({
    schemas: v.record(v.string(), v.looseObject({ enum: v.optional(v.array(v.string())) })),
  }),
});

/** The description of the API, as it is written. */
export const written = v.parse(v.record(v.string(), v.unknown()), parse(readFileSync(FILE, 'utf8')));
export const openapi = v.parse(Document, written);

export interface DescribedOperation {
  readonly method: string;
  /** As API Gateway spells it. */
  readonly route: string;
  readonly operation: v.InferOutput<typeof Operation>;
  /** Of the operation within the document. */
  readonly pointer: string;
}

export const operations: readonly DescribedOperation[] = Object.entries(openapi.paths).flatMap(([name, item]) => {
  const route = item['x-gateway-path'] ?? name;
  return (['get', 'head', 'options', 'post'] as const).flatMap((method) => {
    const operation = item[method];
    const pointer = `#/paths/${escapeSegment(name)}/${method}`;
    return operation === undefined ? [] : [{ method: method.toUpperCase(), route, operation, pointer }];
  });
});

export interface DescribedResponse extends v.InferOutput<typeof Response> {
  readonly pointer: string;
}

export function describeResponse({ operation, pointer }: DescribedOperation, status: string): DescribedResponse {
  const found = operation.responses[status];
  if (found === undefined) throw new Error(`${operation.operationId} does not say what ${status} is`);
  if ('$ref' in found) return { ...v.parse(Response, resolvePointer(found.$ref)), pointer: found.$ref };
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
  const described = header === undefined || !('$ref' in header) ? header : v.parse(Header, resolvePointer(header.$ref));
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
    return Object.entries(v.parse(v.record(v.string(), Media), inner)).flatMap(([type, { examples }]) =>
      Object.entries(examples).map(([name, example]) => ({
        name: `${place} ${name}`,
        value: v.parse(Example, '$ref' in example ? resolvePointer(example.$ref) : example).value,
        schema: `${place}/${escapeSegment(type)}/schema`,
      })),
    );
  });
}

export function resolvePointer(pointer: string): unknown {
  const segments = pointer.slice(2).split('/');
  return segments.reduce<unknown>((value, segment) => {
    const name = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    return v.parse(v.record(v.string(), v.unknown()), value)[name];
  }, written);
}

/** A name as a segment of a pointer in a URI fragment. */
export function escapeSegment(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { toJsonResponse, toNotFoundResponse } from '../../lib/platform/lambda/http-stack.ts';
import { parseCursor, toCursor } from '../../lib/platform/lambda/page-parameters.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { readAttestation } from '../../lib/verdict/attest/attest-record.ts';
import { MAX_RECORD_BYTES, recordKey } from '../../lib/verdict/records/verdict-record.ts';
import { listStoredSeals } from '../../lib/verdict/seals/read-chain.ts';
import { SEALS } from '../../lib/verdict/seals/seal.ts';

type Parameters = Readonly<Record<string, string | undefined>>;

/** Bytes of the seals of one page, unless its first one alone is longer. */
const MAX_PAGE_BYTES = 3 * 1024 * 1024;

/** What belongs to a record: its attestation, or itself byte for byte, as seals have it. */
export async function answerPart(
  objects: ObjectStore,
  id: string,
  part: 'attestation' | 'stored',
  parameters: Parameters,
): Promise<APIGatewayProxyStructuredResultV2> {
  if (part === 'stored') {
    requireKnown(parameters, []);
    const stored = await objects.readObject(recordKey(id), MAX_RECORD_BYTES);
    return stored === undefined ? toNotFoundResponse('there is no such record') : toBytesResponse(stored.bytes);
  }
  const { form = 'svr' } = requireKnown(parameters, ['form']);
  if (form !== 'svr' && form !== 'vsa') throw new InputError('ArgumentInvalid', 'form: expected svr or vsa');
  const bytes = await readAttestation(objects, id, form);
  return bytes === undefined
    ? toNotFoundResponse('the record has no such attestation, or not yet')
    : toBytesResponse(bytes, 'application/vnd.dsse.envelope.v1+json');
}

/** Part of the chain of seals, in its order. */
export async function answerSeals(
  objects: ObjectStore,
  parameters: Parameters,
): Promise<APIGatewayProxyStructuredResultV2> {
  const { after } = requireKnown(parameters, ['after']);
  const start = after === undefined ? '' : parseCursor(after);
  if (start === undefined || !(start === '' || start.startsWith(SEALS))) {
    throw new InputError('ArgumentInvalid', 'after: it is not the next of a page before');
  }
  const seals: { key: string; text?: string; fault?: string }[] = [];
  let total = 0;
  let next: string | undefined;
  for await (const { key, bytes, fault } of listStoredSeals(objects, start)) {
    total += bytes?.length ?? 0;
    if (seals.length > 0 && total > MAX_PAGE_BYTES) {
      next = seals.at(-1)?.key;
      break;
    }
    if (bytes === undefined) seals.push({ key, fault: fault ?? 'it is gone' });
    else seals.push({ key, text: Buffer.from(bytes).toString('utf8') });
  }
  return toJsonResponse(200, { seals, ...(next === undefined ? {} : { next: toCursor(next) }) });
}

function requireKnown(parameters: Parameters, known: readonly string[]): Parameters {
  const unknown = Object.keys(parameters).find((name) => !known.includes(name));
  if (unknown === undefined) return parameters;
  const expected = known.length === 0 ? 'none' : known.join(', ');
  throw new InputError('ArgumentInvalid', `unknown parameter ${JSON.stringify(unknown)}; expected ${expected}`);
}

function toBytesResponse(bytes: Uint8Array, type = 'application/json'): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: 200,
    headers: { 'content-type': type, 'cache-control': 'no-store' },
    body: Buffer.from(bytes).toString('utf8'),
  };
}

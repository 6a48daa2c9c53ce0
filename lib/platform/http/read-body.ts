import type { IncomingMessage } from 'node:http';
import { StoreError } from '../../base/errors/store-error.ts';

/**
 * The body of a successful answer: whole, undecoded, at most `limitBytes`. What claims to be longer is not read at
 * all, what turns out longer is cut off and its socket destroyed. @throws StoreError `LimitExceeded` or `BodyInvalid`.
 */
export async function readBody(response: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const fault = findHeaderFault(response, limitBytes);
  if (fault !== undefined) {
    response.destroy();
    throw fault;
  }
  const { bytes, isWhole } = await readUpTo(response, limitBytes);
  if (!isWhole) throw new StoreError('LimitExceeded', `the body is longer than ${limitBytes} bytes`);
  return bytes;
}

/** The body of another answer, which only explains the status: what exceeds the limit is dropped. */
export async function readExplanation(response: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const { bytes } = await readUpTo(response, limitBytes);
  return bytes;
}

function findHeaderFault({ headers }: IncomingMessage, limitBytes: number): StoreError | undefined {
  const length = Number(headers['content-length'] ?? 0);
  if (length > limitBytes) {
    return new StoreError('LimitExceeded', `the body has ${length} bytes; at most ${limitBytes} are read`);
  }
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    return new StoreError(
      'BodyInvalid',
      `the body has the content encoding ${JSON.stringify(encoding)}, not asked for`,
    );
  }
  const transfer = headers['transfer-encoding']?.trim().toLowerCase() ?? 'chunked';
  if (transfer !== 'chunked') {
    return new StoreError('BodyInvalid', `the body has the transfer encoding ${JSON.stringify(transfer)}`);
  }
  return undefined;
}

/**
 * The body of a successful answer as it comes, held to what {@link readBody} holds it to. Leaving it early destroys the
 * response and its socket. @throws StoreError `LimitExceeded` or `BodyInvalid`.
 */
export async function* streamBody(response: IncomingMessage, limitBytes: number): AsyncGenerator<Uint8Array> {
  const fault = findHeaderFault(response, limitBytes);
  if (fault !== undefined) {
    response.destroy();
    throw fault;
  }
  let length = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > limitBytes) throw new StoreError('LimitExceeded', `the body is longer than ${limitBytes} bytes`);
    yield chunk;
  }
}

async function readUpTo(
  response: IncomingMessage,
  limitBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early destroys the response and its socket with it.
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    const rest = limitBytes - length;
    chunks.push(chunk.subarray(0, rest));
    length += Math.min(chunk.length, rest);
    if (chunk.length > rest) return { bytes: join(chunks), isWhole: false };
  }
  return { bytes: join(chunks), isWhole: true };
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

import { readFile } from 'node:fs/promises';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import path from 'node:path';
import { createHandler } from '../../functions/serve-signature/handler.ts';
import { createDirectoryObjectStore } from '../../lib/platform/objects/directory/directory-object-store.ts';
import { createLocalContext } from '../../local/local-context.ts';
import { ROUTES } from '../../local/routes.ts';
import { toGatewayEvent } from '../../local/to-gateway-event.ts';
import { median } from '../row.ts';

const ROUNDS = 5;

/** Requests per second, and how often the file alone is read in one. */
export interface HandlerRates {
  readonly handled: number;
  readonly read: number;
}

/**
 * serve-signature alone, reading from a directory, its telemetry kept quiet.
 *
 * @param signaturePath of the request
 * @param milliseconds for each of the two
 */
export async function measureHandler(
  objects: string,
  signaturePath: string,
  milliseconds: number,
): Promise<HandlerRates> {
  const answer = makeRequest(objects, signaturePath);
  const file = path.join(objects, signaturePath);
  const handled: number[] = [];
  const read: number[] = [];
  // Taken in turn, so that a machine that changes its speed changes it for both.
  for (let round = 0; round < ROUNDS; round++) {
    handled.push(await rateOf(milliseconds / ROUNDS, answer));
    read.push(await rateOf(milliseconds / ROUNDS, () => readFile(file)));
  }
  return { handled: median(handled), read: median(read) };
}

function makeRequest(objects: string, signaturePath: string): () => Promise<void> {
  const telemetry = { log: () => undefined, count: () => undefined, measure: () => undefined, flush: () => undefined };
  const handler = createHandler({ objects: createDirectoryObjectStore(objects), telemetry });
  const route = ROUTES.find(({ handler: name }) => name === 'serve-signature');
  if (route === undefined) throw new Error('there is no such route');
  const incoming = Object.assign(new IncomingMessage(new Socket()), { method: 'GET', url: signaturePath });
  const event = toGatewayEvent(incoming, Buffer.alloc(0), { route, pathParameters: {} });
  const context = createLocalContext('serve-signature');
  return async () => {
    const { statusCode } = await handler(event, context);
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
  };
}

async function rateOf(milliseconds: number, run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  let runs = 0;
  for (; performance.now() - started < milliseconds; runs++) await run();
  return (runs * 1000) / (performance.now() - started);
}

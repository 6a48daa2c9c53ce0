import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import type { EventBus } from '../../lib/platform/bus/event-bus.ts';
import type { HttpSender } from '../../lib/platform/http/http-client.ts';
import { parseHttpUrl, toShownUrl } from '../../lib/platform/http/http-url.ts';
import { type QueueConsumer, type QueueHandler, wrapQueue } from '../../lib/platform/lambda/queue-stack.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { type MessageOutcome, toRetryDelay } from '../../lib/platform/queues/process-batch.ts';
import type { Queue } from '../../lib/platform/queues/queue.ts';
import type { SecretSource } from '../../lib/platform/secrets/secret-source.ts';
import { type Notification, NotificationSchema, signNotification, toCloudEvent } from './cloud-event.ts';

/** URLs that verdicts are sent to. */
const MAX_URLS = 16;
/** Milliseconds that a receiver has. */
const TIMEOUT_MS = 10_000;
/** Bytes of its answer that are read. */
const MAX_ANSWER_BYTES = 64 * 1024;
const CONCURRENCY = 10;

/** @throws InputError `ArgumentInvalid`, which repeats no secret */
export function parseNotifyUrls(texts: readonly string[]): readonly string[] {
  if (texts.length > MAX_URLS) throw new InputError('ArgumentInvalid', `--notify may be given ${MAX_URLS} times`);
  return texts.map((text) => {
    try {
      return parseHttpUrl(text).href;
    } catch (cause) {
      throw new InputError('ArgumentInvalid', '--notify takes an http or https URL without a password', { cause });
    }
  });
}

/** Puts each event of a verdict on the queue, once for each URL: a receiver that is away holds nothing up. */
export function createNotifyBus(queue: Queue, urls: readonly string[]): EventBus {
  return {
    description: queue.description,
    async publishEvents(events) {
      const bodies = events.flatMap((one) => {
        const event = toCloudEvent(one);
        if (event === undefined) return [];
        return urls.map((url) => JSON.stringify({ schema: 1, url, event } satisfies Notification));
      });
      if (bodies.length > 0) await queue.sendMessages(bodies);
    },
  };
}

export interface NotifyDependencies extends QueueConsumer {
  readonly urls: readonly string[];
  readonly client: HttpSender;
  readonly secret: SecretSource<() => Buffer>;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

/** The queue of notifications: each is posted, signed, until its receiver takes it, or is a dead letter that says why. */
export function createNotifier(dependencies: NotifyDependencies): QueueHandler {
  const { telemetry } = dependencies;
  return wrapQueue(
    async ({ body, receiveCount }, signal) => {
      const outcome = await send(body, receiveCount, dependencies, signal);
      telemetry.count(outcome.kind === 'done' ? 'Notified' : 'NotNotified');
      if (outcome.kind !== 'done') {
        const { url, event } = body;
        const shown = toShownUrl(new URL(url));
        telemetry.log('warn', 'not notified', { url: shown, event: event.id, reason: outcome.reason });
      }
      return outcome;
    },
    { ...dependencies, schema: NotificationSchema, concurrency: CONCURRENCY, failure: 'not notified' },
  );
}

async function send(
  { url, event }: Notification,
  receiveCount: number,
  { urls, client, secret, now }: NotifyDependencies,
  signal: AbortSignal,
): Promise<MessageOutcome> {
  // A queue is not trusted to say whom to contact.
  if (!urls.includes(url)) return { kind: 'dead', reason: 'the service notifies this URL no more' };
  const body = JSON.stringify(event);
  const retry = (reason: string): MessageOutcome => ({
    kind: 'retry',
    delaySeconds: toRetryDelay(receiveCount),
    reason,
  });
  try {
    const { status } = await client.send(url, {
      method: 'POST',
      content: { type: 'application/cloudevents+json; charset=utf-8', bytes: Buffer.from(body) },
      headers: signNotification(event.id, body, now(), (await secret.read())()),
      limitBytes: MAX_ANSWER_BYTES,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    return status >= 200 && status < 300 ? { kind: 'done' } : retry(`the receiver answers ${status}`);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreError) return retry(`${error.code}: ${error.message}`);
    throw error;
  }
}

import * as v from 'valibot';
import { StoreError } from '../../base/errors/store-error.ts';
import { toAwsStoreError } from '../aws/aws-fault.ts';
import type { AwsSettings } from '../aws/aws-settings.ts';
import { toEventsEndpoint } from '../aws/endpoints.ts';
import { AwsRequestError, createSignedSender, type SendSigned, type SignedResponse } from '../aws/signed-request.ts';
import { createCombinedBus, EVENT_SOURCE, type EventBus } from './event-bus.ts';
import type { TopicSettings } from './sns-topic.ts';

export interface BusSettings extends AwsSettings {
  /** Milliseconds for one request, its body included. */
  readonly requestTimeoutMs?: number | undefined;
  /** By default the client of the topic finds what it needs in the environment. */
  readonly topic?: TopicSettings | undefined;
}

/**
 * The bus of a deployment, asked without the AWS SDK, and the topic beside it if there is one.
 *
 * @param busName name or ARN
 */
export function openBus(busName: string, topicArn: string | undefined, settings: BusSettings): EventBus {
  const bus = createEventBridgeBus(busName, settings);
  return topicArn === undefined ? bus : createCombinedBus([bus, createTopic(topicArn, settings.topic)]);
}

/** SNS speaks by the SDK, which is loaded with the first event. */
function createTopic(topicArn: string, settings: TopicSettings | undefined): EventBus {
  let opened: Promise<EventBus> | undefined;
  const open = async (): Promise<EventBus> => {
    const { createSnsTopic } = await import('./sns-topic.ts');
    return createSnsTopic(topicArn, settings);
  };
  return {
    description: `topic ${topicArn}`,
    async publishEvents(events) {
      opened ??= open();
      await (await opened).publishEvents(events);
    },
  };
}

const REQUEST_TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 64 * 1024;
/** Events that EventBridge takes in one request. */
const MAX_ENTRIES = 10;
/** Bytes of all entries of one request, counted as EventBridge does: source, detail-type and detail. */
const MAX_REQUEST_BYTES = 256 * 1024;

function createEventBridgeBus(busName: string, settings: BusSettings): EventBus {
  const { region, credentials, requestTimeoutMs: timeoutMs = REQUEST_TIMEOUT_MS } = settings;
  const send = createSignedSender({ service: 'events', region, credentials, timeoutMs });
  const url = toEventsEndpoint(settings);
  const description = `event bus ${busName}`;
  return {
    description,
    async publishEvents(events) {
      const entries = events.map(({ detailType, detail }) => ({
        EventBusName: busName,
        Source: EVENT_SOURCE,
        DetailType: detailType,
        Detail: JSON.stringify(detail),
      }));
      for (const request of toRequests(entries)) await putEntries(send, url, request, description);
    },
  };
}

interface Entry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
}

/** The entries in requests of a size that EventBridge accepts, in their order. An entry that is too large is refused by EventBridge. */
function toRequests(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const requests: Entry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const { Source, DetailType, Detail } = entry;
    const size = Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);
    const request = requests.at(-1);
    if (request === undefined || request.length === MAX_ENTRIES || bytes + size > MAX_REQUEST_BYTES) {
      requests.push([entry]);
      bytes = size;
    } else {
      request.push(entry);
      bytes += size;
    }
  }
  return requests;
}

/** An answer of 200 may hold refusals: each entry has a result of its own. */
async function putEntries(send: SendSigned, url: URL, entries: readonly Entry[], description: string): Promise<void> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' };
  const body = Buffer.from(JSON.stringify({ Entries: entries }));
  let answer: v.InferOutput<typeof Answer>;
  try {
    answer = parseAnswer(await send({ method: 'POST', url, headers, body, limitBytes: MAX_ANSWER_BYTES }));
  } catch (cause) {
    const fault = cause instanceof AwsRequestError ? toAwsStoreError(cause.fault, 'publishing') : cause;
    const why = fault instanceof Error ? fault.message : String(fault);
    throw new StoreError('ConnectionFailed', `${description}: ${why}`, { cause });
  }
  const results = answer.Entries ?? [];
  const taken = results.filter(({ EventId: id }) => id != null).length;
  const refused = answer.FailedEntryCount ?? 0;
  if (taken === entries.length && refused === 0) return;
  const failed = results.find(({ ErrorCode: code }) => code != null);
  const why = failed === undefined ? 'no reason given' : `${failed.ErrorCode} ${failed.ErrorMessage ?? ''}`.trim();
  throw new StoreError(
    'ConnectionFailed',
    `${description}: of ${entries.length} events ${taken} taken, ${refused} refused: ${why}`,
  );
}

const Answer = v.looseObject({
  FailedEntryCount: v.optional(v.number()),
  Entries: v.optional(
    v.array(
      v.looseObject({
        EventId: v.nullish(v.string()),
        ErrorCode: v.nullish(v.string()),
        ErrorMessage: v.nullish(v.string()),
      }),
    ),
  ),
});

function parseAnswer({ bytes }: SignedResponse): v.InferOutput<typeof Answer> {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new StoreError('BodyInvalid', 'EventBridge did not answer in JSON', { cause });
  }
  const answer = v.safeParse(Answer, content);
  if (!answer.success) throw new StoreError('BodyInvalid', 'EventBridge answered something else than results');
  return answer.output;
}

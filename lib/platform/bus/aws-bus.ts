import { EventBridgeClient, type EventBridgeClientConfig, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns';
import { StoreError } from '../../base/errors/store-error.ts';
import { SDK_TIMEOUTS } from '../aws/aws-settings.ts';
import { createCombinedBus, EVENT_SOURCE, type EventBus } from './event-bus.ts';

/** How the clients of the SDK reach AWS; what is left out they find in the environment. */
type ClientSettings = Pick<
  EventBridgeClientConfig & SNSClientConfig,
  'endpoint' | 'region' | 'credentials' | 'maxAttempts' | 'requestHandler'
>;

/**
 * The bus of a deployment, and the topic beside it if there is one.
 *
 * @param busName name or ARN
 */
export function openBus(
  busName: string,
  topicArn: string | undefined,
  settings: ClientSettings = { requestHandler: SDK_TIMEOUTS },
): EventBus {
  const bus = createEventBridgeBus(busName, settings);
  return topicArn === undefined ? bus : createCombinedBus([bus, createSnsTopic(topicArn, settings)]);
}

/** Events that EventBridge takes in one request. */
const MAX_ENTRIES = 10;
/** Bytes of all entries of one request, counted as EventBridge does: source, detail-type and detail. */
const MAX_REQUEST_BYTES = 256 * 1024;

function createEventBridgeBus(busName: string, settings: ClientSettings): EventBus {
  const client = new EventBridgeClient(settings);
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
      for (const request of toRequests(entries)) await putEntries(client, request, description);
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
async function putEntries(client: EventBridgeClient, entries: readonly Entry[], description: string): Promise<void> {
  let answer: { readonly FailedEntryCount?: number | undefined; readonly Entries?: readonly EntryResult[] | undefined };
  try {
    answer = await client.send(new PutEventsCommand({ Entries: [...entries] }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError('ConnectionFailed', `${description}: ${why}`, { cause });
  }
  const results = answer.Entries ?? [];
  const taken = results.filter(({ EventId: id }) => id !== undefined).length;
  const refused = answer.FailedEntryCount ?? 0;
  if (taken === entries.length && refused === 0) return;
  const failed = results.find(({ ErrorCode: code }) => code !== undefined);
  const why = failed === undefined ? 'no reason given' : `${failed.ErrorCode} ${failed.ErrorMessage ?? ''}`.trim();
  throw new StoreError(
    'ConnectionFailed',
    `${description}: of ${entries.length} events ${taken} taken, ${refused} refused: ${why}`,
  );
}

interface EntryResult {
  readonly EventId?: string | undefined;
  readonly ErrorCode?: string | undefined;
  readonly ErrorMessage?: string | undefined;
}

/**
 * A topic that receives every event as `{ source, "detail-type", detail }`, the members of EventBridge's own; the
 * attribute `detailType` lets a subscription filter.
 */
function createSnsTopic(topicArn: string, settings: ClientSettings): EventBus {
  const client = new SNSClient(settings);
  const description = `topic ${topicArn}`;
  return {
    description,
    async publishEvents(events) {
      for (const { detailType, detail } of events) {
        const command = new PublishCommand({
          TopicArn: topicArn,
          Message: JSON.stringify({ source: EVENT_SOURCE, 'detail-type': detailType, detail }),
          MessageAttributes: { detailType: { DataType: 'String', StringValue: detailType } },
        });
        try {
          await client.send(command);
        } catch (cause) {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new StoreError('ConnectionFailed', `${description}: ${why}`, { cause });
        }
      }
    },
  };
}

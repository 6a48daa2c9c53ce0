import { PublishCommand, SNSClient, type SNSClientConfig } from '@aws-sdk/client-sns';
import { StoreError } from '../../base/errors/store-error.ts';
import { SDK_TIMEOUTS } from '../aws/aws-settings.ts';
import { EVENT_SOURCE, type EventBus } from './event-bus.ts';

/** How the client of the SDK reaches AWS; what is left out it finds in the environment. */
export type TopicSettings = Pick<
  SNSClientConfig,
  'endpoint' | 'region' | 'credentials' | 'maxAttempts' | 'requestHandler'
>;

/**
 * A topic that receives every event as `{ source, "detail-type", detail }`, the members of EventBridge's own; the
 * attribute `detailType` lets a subscription filter.
 */
export function createSnsTopic(topicArn: string, settings: TopicSettings = { requestHandler: SDK_TIMEOUTS }): EventBus {
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

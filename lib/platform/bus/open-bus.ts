import { createCombinedBus, type EventBus } from './event-bus.ts';
import { createEventBridgeBus } from './eventbridge-bus.ts';
import { createSnsTopic } from './sns-topic.ts';

/** The bus of a deployment, and the topic beside it if there is one. */
export function openBus(busName: string, topicArn: string | undefined): EventBus {
  const bus = createEventBridgeBus(busName);
  return topicArn === undefined ? bus : createCombinedBus([bus, createSnsTopic(topicArn)]);
}

import type { EventBus } from '../lib/platform/bus/event-bus.ts';
import type { Telemetry } from '../lib/platform/lambda/telemetry.ts';

/** On one machine the log is the bus: one line for each event, whole. */
export function createLogBus(telemetry: Telemetry): EventBus {
  return {
    description: 'the log',
    async publishEvents(events) {
      for (const { detailType, detail } of events) telemetry.log('info', detailType, { detail });
    },
  };
}

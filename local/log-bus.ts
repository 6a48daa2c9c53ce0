import type { EventBus } from '../lib/bus/event-bus.ts';
import type { Telemetry } from '../lib/runtime/telemetry.ts';

/** On one machine the log is the bus: one line for each event, whole. */
export function createLogBus(telemetry: Telemetry): EventBus {
  return {
    description: 'the log',
    async publishEvents(events) {
      for (const { detailType, detail } of events) telemetry.log('info', detailType, { detail });
    },
  };
}

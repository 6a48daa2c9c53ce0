/** What happened, for whoever listens. `detail` is plain JSON, whose size its maker bounds. */
export interface BusEvent {
  readonly detailType: string;
  readonly detail: object;
}

/** Where events are told. Delivery is at least once: a listener may be told the same again. */
export interface EventBus {
  /** Short, for messages; no credentials. */
  readonly description: string;
  /** Resolves when every event is taken. @throws StoreError when one is not, or it is not known */
  publishEvents(events: readonly BusEvent[]): Promise<void>;
}

/** What all events of Signet have as their source. */
export const EVENT_SOURCE = 'signet';

/** One bus in front of several: all are told, in this order. */
export function createCombinedBus(buses: readonly EventBus[]): EventBus {
  return {
    description: buses.map(({ description }) => description).join(', '),
    async publishEvents(events) {
      for (const bus of buses) await bus.publishEvents(events);
    },
  };
}

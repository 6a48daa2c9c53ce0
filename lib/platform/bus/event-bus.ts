/** One event. `detail` is plain JSON; its author limits its size. */
export interface BusEvent {
  readonly detailType: string;
  readonly detail: object;
}

/** Where events are published. Delivery is at least once: a listener may receive an event again. */
export interface EventBus {
  /** Short, for messages; no credentials. */
  readonly description: string;
  /** Resolves when every event is accepted. @throws StoreError when one is not, or when that is unknown */
  publishEvents(events: readonly BusEvent[]): Promise<void>;
}

/** The source of all events of Signet. */
export const EVENT_SOURCE = 'signet';

/** A bus that publishes to several, in this order. */
export function createCombinedBus(buses: readonly EventBus[]): EventBus {
  return {
    description: buses.map(({ description }) => description).join(', '),
    async publishEvents(events) {
      for (const bus of buses) await bus.publishEvents(events);
    },
  };
}

/** Where messages are put for another function to take. Delivery is at least once and in no order. */
export interface Queue {
  /** Short, for messages; no credentials. */
  readonly description: string;
  /** Resolves when every message is held by the queue. @throws StoreError that says how many are not. */
  sendMessages(bodies: readonly string[]): Promise<void>;
}

/**
 * Where a bundle goes: a file, or an object. Nothing is there before `commit`, and nothing of it after `abort`; one of
 * the two is called once, last.
 */
export interface BundleSink {
  /** Short, for messages. */
  readonly description: string;
  /** Takes the next bytes; resolves when more may come. @throws StoreError */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes what was written the bundle, whole and durable. @throws StoreError */
  commit(): Promise<void>;
  abort(): Promise<void>;
}

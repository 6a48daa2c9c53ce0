/** What the push queue also carries: a recorded question to ask again by the trust of today. */
export interface ReverifyMessage {
  readonly schema: 1;
  readonly kind: 'reverify';
  readonly profile: string;
  /** Of the record that was accepted. */
  readonly recordId: string;
  /** The trust that made it worth asking: whoever still holds an older one has to read it again first. */
  readonly trustRevision: string;
}

export function toReverifyBody(profile: string, recordId: string, trustRevision: string): string {
  return JSON.stringify({ schema: 1, kind: 'reverify', profile, recordId, trustRevision } satisfies ReverifyMessage);
}

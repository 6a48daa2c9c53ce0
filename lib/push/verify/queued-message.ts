import * as v from 'valibot';
import { isJsonObject } from '../../base/documents/json-value.ts';
import { isProfileName } from '../../trust/prepared/profiles.ts';
import { isRecordId } from '../../verdict/records/verdict-record.ts';
import { PushMessageSchema } from '../receive/push-message.ts';

/** A message of the push queue: a record to decide again by the current trust. */
export interface ReverifyMessage {
  readonly schema: 1;
  readonly kind: 'reverify';
  readonly profile: string;
  /** Of the record that was accepted. */
  readonly recordId: string;
  /** The trust revision to decide by: a function that holds an older one reads the trust again first. */
  readonly trustRevision: string;
}

const ReverifyMessageSchema: v.GenericSchema<unknown, ReverifyMessage> = v.strictObject({
  schema: v.literal(1),
  kind: v.literal('reverify'),
  profile: v.pipe(v.string(), v.check(isProfileName, 'not a profile name')),
  recordId: v.pipe(v.string(), v.check(isRecordId, 'not a record id')),
  trustRevision: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

/** What a message of the push queue has to be. Only one of the two has a `kind`, so that faults name the right one. */
export const QueuedMessageSchema = v.lazy((message) =>
  isJsonObject(message) && Object.hasOwn(message, 'kind') ? ReverifyMessageSchema : PushMessageSchema,
);
export type QueuedMessage = v.InferOutput<typeof QueuedMessageSchema>;

export function toReverifyBody(profile: string, recordId: string, trustRevision: string): string {
  return JSON.stringify({ schema: 1, kind: 'reverify', profile, recordId, trustRevision } satisfies ReverifyMessage);
}

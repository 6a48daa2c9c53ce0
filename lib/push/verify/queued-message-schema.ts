import * as v from 'valibot';
import { isJsonObject } from '../../base/documents/json-value.ts';
import { isProfileName } from '../../trust/prepared/profile-name.ts';
import { isRecordId } from '../../verdict/records/record-keys.ts';
import { PushMessageSchema } from '../receive/push-message-schema.ts';
import type { ReverifyMessage } from './reverify-message.ts';

const ReverifyMessageSchema: v.GenericSchema<unknown, ReverifyMessage> = v.strictObject({
  schema: v.literal(1),
  kind: v.literal('reverify'),
  profile: v.pipe(v.string(), v.check(isProfileName, 'not a profile name')),
  recordId: v.pipe(v.string(), v.check(isRecordId, 'not a record id')),
  trustRevision: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});

/** What a message of the push queue has to be. Only one of the two has a `kind`, so faults are told of the one meant. */
export const QueuedMessageSchema = v.lazy((message) =>
  isJsonObject(message) && Object.hasOwn(message, 'kind') ? ReverifyMessageSchema : PushMessageSchema,
);
export type QueuedMessage = v.InferOutput<typeof QueuedMessageSchema>;

import { z } from 'zod';
import { PushMessageSchema } from '../events/push-message-schema.ts';
import { isRecordId } from '../records/record-keys.ts';
import { isProfileName } from '../trust/profile-name.ts';
import type { ReverifyMessage } from './reverify-message.ts';

const ReverifyMessageSchema: z.ZodType<ReverifyMessage> = z.strictObject({
  schema: z.literal(1),
  kind: z.literal('reverify'),
  profile: z.string().refine(isProfileName, 'not a profile name'),
  recordId: z.string().refine(isRecordId, 'not a record id'),
  trustRevision: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What a message of the push queue has to be. */
export const QueuedMessageSchema = z.union([ReverifyMessageSchema, PushMessageSchema]);
export type QueuedMessage = z.infer<typeof QueuedMessageSchema>;

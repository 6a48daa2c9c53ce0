import * as v from 'valibot';
import { parsedField } from '../../../base/documents/schema.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import { parseReference, repositoryHost, repositoryPath } from '../../../base/names/reference.ts';
import { parseJsonBytes } from '../../../platform/lambda/read-request.ts';
import { eventIdField, readEvent, timeField, toFieldError } from './fields.ts';
import { type Delivery, type ForeignEvent, type ParsedEvent, toIgnoredEvent, toParsedEvent, toPush } from './push.ts';

const envelopeSchema = v.object({
  message: v.object({
    data: v.pipe(v.string(), v.base64('expected base64')),
    messageId: eventIdField,
    publishTime: v.optional(timeField),
  }),
  subscription: v.string(),
});
const kindSchema = v.object({ action: v.string() });
const reference = v.optional(parsedField(v.string(), parseReference));
const changeSchema = v.object({ digest: reference, tag: reference });
const PLACE = ['message', 'data'];

/**
 * What a subscription of Google's Pub/Sub pushes of the topic `gcr`: a change of an image in Artifact Registry, in the
 * message's data as base64. A change of a tag alone, which names no digest, is a push of the tag.
 *
 * @throws InputError `BodyInvalid`
 */
export function parseGooglePush(body: unknown, { scopes }: Delivery): ParsedEvent | ForeignEvent {
  const { message, subscription } = readEvent(envelopeSchema, body);
  const isOwn = scopes.some(({ subscription: own }) => own === undefined || own === subscription);
  if (!isOwn) return { kind: 'refused', reason: 'its credential is for another subscription' };
  const change = readData(message.data);
  const { action } = readEvent(kindSchema, change, PLACE);
  if (action !== 'INSERT') return toIgnoredEvent('action', action);
  const { digest, tag } = readEvent(changeSchema, change, PLACE);
  const { repository } = digest ?? tag ?? {};
  if (repository === undefined) throw toFieldError('message.data', 'neither a digest nor a tag was pushed');
  if (tag !== undefined && tag.repository !== repository) {
    throw toFieldError('message.data.tag', 'it is of another repository than the digest');
  }
  const parts = {
    source: 'google',
    registry: repositoryHost(repository),
    untrustedRepository: repositoryPath(repository),
    digest: digest?.digest,
    tag: tag?.tag,
    occurredAt: message.publishTime,
    eventId: message.messageId,
  } as const;
  return toParsedEvent([toPush(parts, 'message.data')], 'no push');
}

function readData(encoded: string): unknown {
  try {
    return parseJsonBytes(Buffer.from(encoded, 'base64'));
  } catch (error) {
    if (error instanceof InputError) throw toFieldError(PLACE.join('.'), error.message, error);
    throw error;
  }
}

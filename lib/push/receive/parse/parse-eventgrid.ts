import * as v from 'valibot';
import { CLOUDEVENTS_TYPES } from './cloudevents-binding.ts';
import { readEvent, toFieldError } from './fields.ts';
import { parseEvents } from './parse-cloudevents.ts';
import { parseDistributionEvent } from './parse-distribution-webhook.ts';
import { type Delivery, joinEvents, type ParsedEvent, toIgnoredEvent, type Validation } from './push.ts';

const SOURCE = 'eventgrid';
const PUSH = 'Microsoft.ContainerRegistry.ImagePushed';
const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent';
/** Characters of a validation code, which is a UUID. */
const MAX_CODE_LENGTH = 128;

const kindSchema = v.object({ eventType: v.string() });
const pushSchema = v.object({ data: v.unknown() });
const validationSchema = v.object({
  data: v.object({
    validationCode: v.pipe(
      v.string(),
      v.regex(/^[0-9A-Za-z-]+$/, 'expected letters, digits and "-"'),
      v.maxLength(MAX_CODE_LENGTH, `expected at most ${MAX_CODE_LENGTH} characters`),
    ),
  }),
});

/**
 * Events of Azure Event Grid: a list in its own schema, or CloudEvents. The code of a validation is answered, and the URL
 * in it is never called. What the header `aeg-event-type` says is not looked at.
 *
 * @throws InputError `BodyInvalid`, `BodyTooLarge`
 */
export function parseEventGrid(body: unknown, delivery: Delivery): ParsedEvent | Validation {
  const { 'content-type': type = '', 'ce-specversion': version } = delivery.headers;
  const mediaType = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (version !== undefined || CLOUDEVENTS_TYPES.includes(mediaType)) return parseEvents(body, delivery, SOURCE);
  if (!Array.isArray(body)) throw toFieldError('the body', 'expected an array of events');
  const events = body.map((event: unknown, index) => ({ event, prefix: [String(index)] }));
  const kinds = events.map(({ event, prefix }) => readEvent(kindSchema, event, prefix).eventType);
  const validated = kinds.indexOf(VALIDATION);
  if (validated >= 0) {
    if (kinds.length > 1) throw toFieldError(String(validated), 'a validation comes alone');
    return { kind: 'validation', code: readEvent(validationSchema, body[0], ['0']).data.validationCode };
  }
  const parsed = events.map(({ event, prefix }, index): ParsedEvent => {
    const kind = kinds[index] ?? '';
    if (kind !== PUSH) return toIgnoredEvent('eventType', kind);
    return parseDistributionEvent(readEvent(pushSchema, event, prefix).data, SOURCE, [...prefix, 'data']);
  });
  return joinEvents(parsed, 'the body has no events');
}

import * as z from 'zod/mini';
import { isDigest } from '../pullspec/digest.ts';
import {
  digestField,
  eventIdField,
  hostedNameField,
  parsedField,
  parseTag,
  secondsField,
  timeField,
} from './fields.ts';
import type { ParsedEvent, Push } from './push.ts';
import { readEvent } from './read-event.ts';
import { toIgnoredEvent, toParsedEvent } from './to-parsed-event.ts';
import { toPush } from './to-push.ts';

const kindSchema = z.object({ type: z.string() });

/** Of a push by digest, the "tag" is that digest again. */
const harborTagField = z.optional(
  parsedField(z.string(), (text) => (text === '' || isDigest(text) ? undefined : parseTag(text))),
);

const dataSchema = z.object({
  resources: z.array(
    z.object({
      digest: digestField,
      tag: harborTagField,
      resource_url: hostedNameField,
    }),
  ),
  repository: z.object({ repo_full_name: z.string() }),
});

const plainSchema = z.object({ occur_at: z.optional(secondsField), event_data: dataSchema });
const cloudEventSchema = z.object({ id: eventIdField, time: z.optional(timeField), data: dataSchema });

/**
 * Harbor's webhook, in its own form (`PUSH_ARTIFACT`) and, since 2.8, as a CloudEvent (`harbor.artifact.pushed`).
 *
 * @throws InputError `BodyInvalid`, `BodyTooLarge`
 */
export function parseHarborWebhook(body: unknown): ParsedEvent {
  const { type } = readEvent(kindSchema, body);
  if (type === 'PUSH_ARTIFACT') {
    const { occur_at: occurredAt, event_data } = readEvent(plainSchema, body);
    return toEvent(event_data, { occurredAt }, 'event_data');
  }
  if (type === 'harbor.artifact.pushed') {
    const { id: eventId, time: occurredAt, data } = readEvent(cloudEventSchema, body);
    return toEvent(data, { occurredAt, eventId }, 'data');
  }
  return toIgnoredEvent('type', type);
}

function toEvent(
  { resources, repository }: z.infer<typeof dataSchema>,
  when: Pick<Push, 'occurredAt' | 'eventId'>,
  member: string,
): ParsedEvent {
  const pushes = resources.map(({ digest, tag, resource_url: { registry } }) => {
    const parts = { source: 'harbor', registry, untrustedRepository: repository.repo_full_name, digest, tag } as const;
    return toPush({ ...parts, ...when }, `${member}.repository.repo_full_name`);
  });
  return toParsedEvent(pushes, `${member}.resources is empty`);
}

import * as v from 'valibot';
import { parsedField } from '../../../base/documents/schema.ts';
import { isDigest } from '../../../base/names/digest.ts';
import { digestField, eventIdField, hostedNameField, parseTag, readEvent, secondsField, timeField } from './fields.ts';
import type { ParsedEvent, Push } from './push.ts';
import { toIgnoredEvent, toParsedEvent, toPush } from './push.ts';

const kindSchema = v.object({ type: v.string() });

/** Of a push by digest, the "tag" is that digest again. */
const harborTagField = v.optional(
  parsedField(v.string(), (text) => (text === '' || isDigest(text) ? undefined : parseTag(text))),
);

const dataSchema = v.object({
  resources: v.array(
    v.object({
      digest: digestField,
      tag: harborTagField,
      resource_url: hostedNameField,
    }),
  ),
  repository: v.object({ repo_full_name: v.string() }),
});

const plainSchema = v.object({ occur_at: v.optional(secondsField), event_data: dataSchema });
const cloudEventSchema = v.object({ id: eventIdField, time: v.optional(timeField), data: dataSchema });

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
  { resources, repository }: v.InferOutput<typeof dataSchema>,
  when: Pick<Push, 'occurredAt' | 'eventId'>,
  member: string,
): ParsedEvent {
  const pushes = resources.map(({ digest, tag, resource_url: { registry } }) => {
    const parts = { source: 'harbor', registry, untrustedRepository: repository.repo_full_name, digest, tag } as const;
    return toPush({ ...parts, ...when }, `${member}.repository.repo_full_name`);
  });
  return toParsedEvent(pushes, `${member}.resources is empty`);
}

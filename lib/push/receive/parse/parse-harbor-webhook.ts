import * as v from 'valibot';
import {
  digestField,
  eventIdField,
  hostedNameField,
  readEvent,
  secondsField,
  tagOrDigestField,
  timeField,
} from './fields.ts';
import type { ParsedEvent, Push } from './push.ts';
import { toIgnoredEvent, toParsedEvent, toPush } from './push.ts';

const kindSchema = v.object({ type: v.string() });

/** The data of Harbor's event, in either form. */
export const harborDataSchema = v.object({
  resources: v.array(
    v.object({
      digest: digestField,
      tag: v.optional(tagOrDigestField),
      resource_url: hostedNameField,
    }),
  ),
  repository: v.object({ repo_full_name: v.string() }),
});

const plainSchema = v.object({ occur_at: v.optional(secondsField), event_data: harborDataSchema });
const cloudEventSchema = v.object({ id: eventIdField, time: v.optional(timeField), data: harborDataSchema });

/**
 * Harbor's webhook, in its own form (`PUSH_ARTIFACT`) and, since 2.8, as a CloudEvent (`harbor.artifact.pushed`).
 *
 * @throws InputError `BodyInvalid`, `BodyTooLarge`
 */
export function parseHarborWebhook(body: unknown): ParsedEvent {
  const { type } = readEvent(kindSchema, body);
  if (type === 'PUSH_ARTIFACT') {
    const { occur_at: occurredAt, event_data } = readEvent(plainSchema, body);
    return toHarborPushes(event_data, { source: 'harbor', occurredAt }, 'event_data');
  }
  if (type === 'harbor.artifact.pushed') {
    const { id: eventId, time: occurredAt, data } = readEvent(cloudEventSchema, body);
    return toHarborPushes(data, { source: 'harbor', occurredAt, eventId }, 'data');
  }
  return toIgnoredEvent('type', type);
}

/** @param member where in the body the data stands @throws InputError `BodyInvalid`, `BodyTooLarge` */
export function toHarborPushes(
  { resources, repository }: v.InferOutput<typeof harborDataSchema>,
  from: Pick<Push, 'source' | 'occurredAt' | 'eventId'>,
  member: string,
): ParsedEvent {
  const pushes = resources.map(({ digest, tag, resource_url: { registry } }) => {
    const parts = { registry, untrustedRepository: repository.repo_full_name, digest, tag };
    return toPush({ ...parts, ...from }, `${member}.repository.repo_full_name`);
  });
  return toParsedEvent(pushes, `${member}.resources is empty`);
}

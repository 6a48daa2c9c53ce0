import * as v from 'valibot';
import { parsedField } from '../../../base/documents/schema.ts';
import { type CloudEvent, readCloudEvents } from './cloudevents-binding.ts';
import { digestField, findUrlHost, readEvent, tagOrDigestField, takeOnlyRegistry } from './fields.ts';
import { MANIFESTS, parseDistributionEvent } from './parse-distribution-webhook.ts';
import { harborDataSchema, toHarborPushes } from './parse-harbor-webhook.ts';
import {
  type Delivery,
  joinEvents,
  type ParsedEvent,
  type Push,
  toIgnoredEvent,
  toParsedEvent,
  toPush,
} from './push.ts';

const AZURE_PUSH = 'Microsoft.ContainerRegistry.ImagePushed';
const HARBOR_PUSH = 'harbor.artifact.pushed';
/** Zot's `zotregistry.image.updated`; what stands before it is a setting of the registry. */
const ZOT_PUSH = '.image.updated';

const zotSchema = v.object({
  name: v.string(),
  reference: tagOrDigestField,
  digest: digestField,
  mediaType: v.optional(v.string(), ''),
});
const sourceField = parsedField(v.string(), findUrlHost);

/**
 * CloudEvents of Azure Container Registry, Harbor and Zot, which are told apart by their type.
 *
 * @throws InputError `BodyInvalid`, `BodyTooLarge`
 */
export function parseCloudEvents(body: unknown, delivery: Delivery): ParsedEvent {
  return parseEvents(body, delivery, 'cloudevents');
}

/** @param source as which the pushes are reported @throws InputError `BodyInvalid`, `BodyTooLarge` */
export function parseEvents(body: unknown, delivery: Delivery, source: Push['source']): ParsedEvent {
  const events = readCloudEvents(body, delivery.headers);
  return joinEvents(
    events.map((event) => parseEvent(event, delivery, source)),
    'the batch is empty',
  );
}

function parseEvent(event: CloudEvent, delivery: Delivery, source: Push['source']): ParsedEvent {
  const { type, untrustedData, place, id: eventId, time: occurredAt } = event;
  if (type === AZURE_PUSH) return parseDistributionEvent(untrustedData, source, place);
  if (type === HARBOR_PUSH) {
    const data = readEvent(harborDataSchema, untrustedData, place);
    return toHarborPushes(data, { source, occurredAt, eventId }, place.join('.'));
  }
  if (type.endsWith(ZOT_PUSH)) return parseZotEvent(event, delivery, source);
  return toIgnoredEvent('type', type);
}

/** Zot's event names no registry, unless its source is set to the registry's URL. */
function parseZotEvent(event: CloudEvent, { scopes }: Delivery, source: Push['source']): ParsedEvent {
  const { name, reference, digest, mediaType } = readEvent(zotSchema, event.untrustedData, event.place);
  if (!MANIFESTS.has(mediaType)) return toIgnoredEvent('data.mediaType', mediaType);
  const { source: registry } = readEvent(v.object({ source: sourceField }), event);
  const parts = {
    source,
    registry: registry ?? takeOnlyRegistry(scopes, 'source'),
    untrustedRepository: name,
    digest,
    tag: reference,
    occurredAt: event.time,
    eventId: event.id,
  } as const;
  return toParsedEvent([toPush(parts, [...event.place, 'name'].join('.'))], 'no push');
}

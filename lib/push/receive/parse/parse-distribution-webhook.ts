import * as v from 'valibot';
import { isJsonObject } from '../../../base/documents/json-value.ts';
import { plainObject } from '../../../base/documents/schema.ts';
import {
  digestField,
  eventIdField,
  optionalTagField,
  readEvent,
  registryField,
  timeField,
  toFieldError,
} from './fields.ts';
import { type ParsedEvent, type Push, toIgnoredEvent, toParsedEvent, toPush } from './push.ts';

const MANIFESTS: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]);

const envelopeSchema = v.object({ events: v.array(v.unknown()) });
const kindSchema = v.object({ action: v.string() });
const targetSchema = v.object({
  target: v.pipe(plainObject, v.object({ mediaType: v.optional(v.string()), tag: optionalTagField })),
});
const schema = v.object({
  id: eventIdField,
  timestamp: timeField,
  target: v.object({ digest: digestField, repository: v.string() }),
  request: v.object({ host: registryField }),
});

/**
 * Notifications of CNCF distribution, whose content types v1 and v2 differ in nothing that is read here, and Azure's
 * single event without an envelope. Blobs are pushed too: a manifest has a manifest's media type, or a tag.
 *
 * @throws InputError `BodyInvalid`, `BodyTooLarge`
 */
export function parseDistributionWebhook(body: unknown): ParsedEvent {
  if (!isJsonObject(body)) throw toFieldError('the body', 'expected object');
  if (body['events'] === undefined && body['action'] !== undefined) return parseOne(body, []);
  const { events } = readEvent(envelopeSchema, body);
  const parsed = events.map((event, index) => parseOne(event, ['events', String(index)]));
  const pushes = parsed.flatMap((event) => (event.kind === 'pushes' ? event.pushes : []));
  const reason = parsed.flatMap((event) => (event.kind === 'ignored' ? [event.reason] : []))[0];
  return toParsedEvent(pushes, reason ?? 'events is empty');
}

function parseOne(event: unknown, prefix: readonly string[]): ParsedEvent {
  const { action } = readEvent(kindSchema, event, prefix);
  if (action !== 'push') return toIgnoredEvent('action', action);
  const {
    target: { mediaType = '', tag },
  } = readEvent(targetSchema, event, prefix);
  if (!MANIFESTS.has(mediaType) && tag === undefined) return toIgnoredEvent('target.mediaType', mediaType);
  const { id, timestamp, target, request } = readEvent(schema, event, prefix);
  const push: Push = toPush(
    {
      source: 'distribution',
      registry: request.host,
      untrustedRepository: target.repository,
      digest: target.digest,
      tag,
      occurredAt: timestamp,
      eventId: id,
    },
    [...prefix, 'target.repository'].join('.'),
  );
  return { kind: 'pushes', pushes: [push] };
}

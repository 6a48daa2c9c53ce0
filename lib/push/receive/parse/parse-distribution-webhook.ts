import * as v from 'valibot';
import { isJsonObject } from '../../../base/documents/json-value.ts';
import { plainObject } from '../../../base/documents/schema.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import { parseRepository } from '../../../base/names/reference.ts';
import {
  digestField,
  eventIdField,
  optionalTagField,
  readEvent,
  registryField,
  timeField,
  toFieldError,
} from './fields.ts';
import { joinEvents, type ParsedEvent, type Push, toIgnoredEvent, toPush } from './push.ts';

/** The media types of manifests. */
export const MANIFESTS: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
]);

const SOURCE = 'distribution';

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
  if (body['events'] === undefined && body['action'] !== undefined) return parseDistributionEvent(body, SOURCE, []);
  const { events } = readEvent(envelopeSchema, body);
  const parsed = events.map((event, index) => parseDistributionEvent(event, SOURCE, ['events', String(index)]));
  return joinEvents(parsed, 'events is empty');
}

/**
 * One notification, which Azure also sends as the data of other events.
 *
 * @param prefix where in the body it stands
 * @throws InputError `BodyInvalid`
 */
export function parseDistributionEvent(event: unknown, source: Push['source'], prefix: readonly string[]): ParsedEvent {
  const { action } = readEvent(kindSchema, event, prefix);
  if (action !== 'push') return toIgnoredEvent('action', action);
  const {
    target: { mediaType = '', tag },
  } = readEvent(targetSchema, event, prefix);
  if (!MANIFESTS.has(mediaType) && tag === undefined) return toIgnoredEvent('target.mediaType', mediaType);
  const odd = source === SOURCE ? findOddName(event, prefix) : undefined;
  if (odd !== undefined) return odd;
  const { id, timestamp, target, request } = readEvent(schema, event, prefix);
  const named = { source, registry: request.host, untrustedRepository: target.repository, digest: target.digest, tag };
  const push = toPush({ ...named, occurredAt: timestamp, eventId: id }, [...prefix, 'target.repository'].join('.'));
  return { kind: 'pushes', pushes: [push] };
}

const namesSchema = v.object({
  target: v.object({ repository: v.string() }),
  request: v.object({ host: v.optional(v.string(), '') }),
});

/**
 * An event whose names are of no registry or no repository: whoever pushes chooses the Host of the request, and CNCF
 * distribution takes a name with a host for a repository. It is ignored and not refused, because the registry repeats what is
 * refused and sends nothing behind it.
 */
function findOddName(event: unknown, prefix: readonly string[]): ParsedEvent | undefined {
  const { target, request } = readEvent(namesSchema, event, prefix);
  if (!v.is(registryField, request.host)) return toIgnoredEvent('request.host', request.host);
  if (!isRepository(`${request.host}/${target.repository}`))
    return toIgnoredEvent('target.repository', target.repository);
  return undefined;
}

function isRepository(text: string): boolean {
  try {
    parseRepository(text);
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

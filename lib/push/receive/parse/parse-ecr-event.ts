import * as v from 'valibot';
import { parseRegistryHost, toEcrDomain } from '../../../base/names/registry-host.ts';
import { digestField, eventIdField, optionalTagField, readEvent, timeField, toFieldError } from './fields.ts';
import { type ParsedEvent, toIgnoredEvent, toParsedEvent, toPush } from './push.ts';

const kindSchema = v.object({ source: v.string(), 'detail-type': v.string() });

/** The members that make an event of each kind a push. */
const PUSHED: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map([
  ['ECR Image Action', { 'action-type': 'PUSH', result: 'SUCCESS' }],
  ['ECR Pull Through Cache Action', { 'sync-status': 'SUCCESS' }],
  ['ECR Replication Action', { 'action-type': 'REPLICATE', result: 'SUCCESS' }],
  ['ECR Referrer Action', { 'action-type': 'PUSH', result: 'SUCCESS' }],
]);

const schema = v.object({
  id: eventIdField,
  account: v.pipe(v.string(), v.regex(/^[0-9]{12}$/, 'expected 12 digits')),
  // One label of a host name, and nothing that could move the host elsewhere.
  region: v.pipe(v.string(), v.regex(/^[a-z]{2,}(?:-[a-z]+)+-[0-9]{1,2}$/, 'expected a region')),
  time: timeField,
  detail: v.object({
    'repository-name': v.string(),
    'image-digest': v.optional(digestField),
    'image-tag': optionalTagField,
  }),
});

/**
 * An EventBridge event of Amazon ECR. The registry that received a replication sends its event.
 *
 * @throws InputError `BodyInvalid`
 */
export function parseEcrEvent(body: unknown): ParsedEvent {
  const kind = readEvent(kindSchema, body);
  if (kind.source !== 'aws.ecr') return toIgnoredEvent('source', kind.source);
  const detailType = kind['detail-type'];
  const pushed = PUSHED.get(detailType);
  if (pushed === undefined) return toIgnoredEvent('detail-type', detailType);
  const names = Object.keys(pushed);
  const statuses = v.object({ detail: v.object(Object.fromEntries(names.map((name) => [name, v.string()]))) });
  const { detail: said } = readEvent(statuses, body);
  for (const name of names) {
    const found = said[name];
    if (found !== undefined && found !== pushed[name]) return toIgnoredEvent(`detail.${name}`, found);
  }
  const { id, account, region, time, detail } = readEvent(schema, body);
  const parts = {
    source: 'ecr',
    registry: toEcrRegistry(account, region),
    untrustedRepository: detail['repository-name'],
    digest: detail['image-digest'],
    tag: detail['image-tag'],
    occurredAt: time,
    eventId: id,
    referrer: detailType === 'ECR Referrer Action' ? true : undefined,
  } as const;
  return toParsedEvent([toPush(parts, 'detail.repository-name')], 'no push');
}

/** @throws InputError `BodyInvalid` for a partition that is not known */
function toEcrRegistry(account: string, region: string): string {
  const domain = toEcrDomain(region);
  if (domain === undefined) throw toFieldError('region', `${region} is of a partition that is not known here`);
  return parseRegistryHost(`${account}.dkr.ecr.${region}.${domain}`);
}

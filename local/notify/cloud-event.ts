import { createHmac, hash } from 'node:crypto';
import * as v from 'valibot';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { type BusEvent, EVENT_SOURCE } from '../../lib/platform/bus/event-bus.ts';

/** An event of the bus as CloudEvents 1.0 has it, in structured mode. */
const CloudEventSchema = v.strictObject({
  specversion: v.literal('1.0'),
  /** The same for the same event, however often it is sent: a receiver leaves out what it knows. */
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  source: v.literal(EVENT_SOURCE),
  type: v.picklist(['signet.verdict', 'signet.verdict.changed']),
  /** The record. */
  subject: v.string(),
  time: v.string(),
  datacontenttype: v.literal('application/json'),
  data: v.record(v.string(), v.unknown()),
});

/** One event for one URL, as the queue carries it. */
export const NotificationSchema = v.strictObject({ schema: v.literal(1), url: v.string(), event: CloudEventSchema });
export type Notification = v.InferOutput<typeof NotificationSchema>;

const TYPES: Readonly<Record<string, Notification['event']['type']>> = {
  'Signet Verdict': 'signet.verdict',
  'Signet Verdict Changed': 'signet.verdict.changed',
};
const DetailSchema = v.looseObject({ recordId: v.string(), decidedAt: v.string() });
const SECRET = /^whsec_([A-Za-z0-9+/]{32,128}={0,2})\s*$/;

/** Undefined for an event that is none of a verdict. */
export function toCloudEvent({ detailType, detail }: BusEvent): Notification['event'] | undefined {
  const type = Object.hasOwn(TYPES, detailType) ? TYPES[detailType] : undefined;
  if (type === undefined) return undefined;
  const data = v.parse(DetailSchema, detail);
  const { recordId, decidedAt } = data;
  return {
    specversion: '1.0',
    id: hash('sha256', JSON.stringify([type, recordId, decidedAt])),
    source: EVENT_SOURCE,
    type,
    subject: `records/${recordId}`,
    time: decidedAt,
    datacontenttype: 'application/json',
    data,
  };
}

/**
 * The key of signatures, as Standard Webhooks writes it: `whsec_` and base64 of 24 bytes or more. It is behind a function so
 * that nothing that prints a value prints it.
 *
 * @throws ConfigurationError `DocumentInvalid`, without the value
 */
export function parseNotifySecret(text: string): () => Buffer {
  const base64 = SECRET.exec(text)?.[1];
  if (base64 === undefined) {
    const expected = 'whsec_ and base64 of 24 bytes or more, as in: echo "whsec_$(openssl rand -base64 32)"';
    throw new ConfigurationError('DocumentInvalid', `the secret of --notify-secret is not of the form ${expected}`);
  }
  return () => Buffer.from(base64, 'base64');
}

/** The headers of Standard Webhooks: an HMAC-SHA256 of id, time and body, so that neither can be replayed or swapped. */
export function signNotification(id: string, body: string, now: Date, key: Buffer): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

import { WEBHOOK_SOURCES, type WebhookSource } from '../../platform/secrets/webhook-credentials.ts';
import { parseCloudEvents } from './parse/parse-cloudevents.ts';
import { parseDistributionWebhook } from './parse/parse-distribution-webhook.ts';
import { parseDockerhubWebhook } from './parse/parse-dockerhub-webhook.ts';
import { parseEventGrid } from './parse/parse-eventgrid.ts';
import { parseGithubWebhook } from './parse/parse-github-webhook.ts';
import { parseGooglePush } from './parse/parse-google-push.ts';
import { parseHarborWebhook } from './parse/parse-harbor-webhook.ts';
import { parseJfrogWebhook } from './parse/parse-jfrog-webhook.ts';
import { parseQuayWebhook } from './parse/parse-quay-webhook.ts';
import type { Delivery, ForeignEvent, ParsedEvent, Validation } from './parse/push.ts';

interface WebhookFormat {
  /** Media types that its sender uses, in lower case. */
  readonly mediaTypes: readonly string[];
  /** Whether its sender first asks whether it may send, by the handshake of CloudEvents' web hooks. */
  readonly asksFirst?: true;
  /**
   * Whether its sender repeats an event until it is taken, and sends none behind it meanwhile. Whoever pushes chooses the
   * Host and the User-Agent that an event has: by what is refused they would keep all later pushes from being reported.
   */
  readonly repeats?: true;
  readonly parse: (body: unknown, delivery: Delivery) => ParsedEvent | Validation | ForeignEvent;
}

const JSON_TYPE = 'application/json';
const EVENT_TYPES = ['application/cloudevents+json', 'application/cloudevents-batch+json', JSON_TYPE];

const FORMATS: Readonly<Record<WebhookSource, WebhookFormat>> = {
  quay: { mediaTypes: [JSON_TYPE], parse: parseQuayWebhook },
  harbor: { mediaTypes: [JSON_TYPE, 'application/cloudevents+json'], parse: parseHarborWebhook },
  distribution: {
    mediaTypes: [
      'application/vnd.docker.distribution.events.v2+json',
      'application/vnd.docker.distribution.events.v1+json',
      JSON_TYPE,
    ],
    repeats: true,
    parse: parseDistributionWebhook,
  },
  github: { mediaTypes: [JSON_TYPE], parse: parseGithubWebhook },
  dockerhub: { mediaTypes: [JSON_TYPE], parse: parseDockerhubWebhook },
  cloudevents: {
    mediaTypes: EVENT_TYPES,
    asksFirst: true,
    parse: parseCloudEvents,
  },
  eventgrid: {
    mediaTypes: EVENT_TYPES,
    asksFirst: true,
    parse: parseEventGrid,
  },
  jfrog: {
    mediaTypes: [JSON_TYPE],
    parse: parseJfrogWebhook,
  },
  google: {
    mediaTypes: [JSON_TYPE],
    parse: parseGooglePush,
  },
};

export function isWebhookSource(text: string): text is WebhookSource {
  return WEBHOOK_SOURCES.some((source) => source === text);
}

/** How a source's webhook is sent and read. */
export function toWebhookFormat(source: WebhookSource): WebhookFormat {
  return FORMATS[source];
}

import { WEBHOOK_SOURCES, type WebhookSource } from '../../../platform/secrets/webhook-credentials.ts';
import { parseDistributionWebhook } from './parse-distribution-webhook.ts';
import { parseDockerhubWebhook } from './parse-dockerhub-webhook.ts';
import { parseGithubWebhook } from './parse-github-webhook.ts';
import { parseHarborWebhook } from './parse-harbor-webhook.ts';
import { parseQuayWebhook } from './parse-quay-webhook.ts';
import type { ParsedEvent } from './push.ts';

interface WebhookFormat {
  /** Media types that its sender uses, in lower case. */
  readonly mediaTypes: readonly string[];
  readonly parse: (body: unknown) => ParsedEvent;
}

const JSON_TYPE = 'application/json';

const FORMATS: Readonly<Record<WebhookSource, WebhookFormat>> = {
  quay: { mediaTypes: [JSON_TYPE], parse: parseQuayWebhook },
  harbor: { mediaTypes: [JSON_TYPE, 'application/cloudevents+json'], parse: parseHarborWebhook },
  distribution: {
    mediaTypes: [
      'application/vnd.docker.distribution.events.v2+json',
      'application/vnd.docker.distribution.events.v1+json',
      JSON_TYPE,
    ],
    parse: parseDistributionWebhook,
  },
  github: { mediaTypes: [JSON_TYPE], parse: parseGithubWebhook },
  dockerhub: { mediaTypes: [JSON_TYPE], parse: parseDockerhubWebhook },
};

export function isWebhookSource(text: string): text is WebhookSource {
  return WEBHOOK_SOURCES.some((source) => source === text);
}

/** How a source's webhook is sent and read. */
export function toWebhookFormat(source: WebhookSource): WebhookFormat {
  return FORMATS[source];
}

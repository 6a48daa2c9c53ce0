import { createHash } from 'node:crypto';
import { DEMO_PUSH_SOURCES, type DemoPushSource } from './demo-registries.ts';

/** What the demo's senders show: written in the open, because the demo guards nothing. */
export const DEMO_TOKEN = 'demo-token';
export const DEMO_AUTHORIZATION = `Bearer ${DEMO_TOKEN}`;
export const DEMO_SECRET = 'demo-secret';

/** The credentials document of the demo, as an operator would keep it in a secret. */
export function toDemoWebhooks(): string {
  return JSON.stringify({ schema: 1, credentials: DEMO_PUSH_SOURCES.flatMap(toCredentials) }, null, 2);
}

function toCredentials({ source, registry }: DemoPushSource): readonly object[] {
  switch (source) {
    // EventBridge invokes the function: no request comes from outside.
    case 'ecr':
    // The demo cannot make Google's tokens.
    case 'google':
      return [];
    case 'harbor':
    case 'cloudevents':
      return [{ source, registry, authorizationSha256: hash(DEMO_AUTHORIZATION) }];
    case 'github':
    case 'jfrog':
      return [{ source, registry, secret: DEMO_SECRET }];
    case 'quay':
    case 'distribution':
    case 'dockerhub':
    case 'eventgrid':
      return [{ source, registry, tokenSha256: hash(DEMO_TOKEN) }];
    default:
      throw new TypeError(`no credential is known for ${String(source satisfies never)}`);
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

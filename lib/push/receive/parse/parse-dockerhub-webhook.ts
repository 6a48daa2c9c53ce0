import * as v from 'valibot';
import { readEvent, secondsField, tagField } from './fields.ts';
import type { ParsedEvent } from './push.ts';
import { toParsedEvent, toPush } from './push.ts';

const schema = v.object({
  push_data: v.object({ tag: tagField, pushed_at: v.optional(secondsField) }),
  repository: v.object({ repo_name: v.string() }),
});

/** Docker Hub's webhook: it is sent for pushes only, and names only the tag. @throws InputError `BodyInvalid` */
export function parseDockerhubWebhook(body: unknown): ParsedEvent {
  const { push_data, repository } = readEvent(schema, body);
  const parts = {
    source: 'dockerhub',
    registry: 'docker.io',
    untrustedRepository: repository.repo_name,
    tag: push_data.tag,
    occurredAt: push_data.pushed_at,
  } as const;
  return toParsedEvent([toPush(parts, 'repository.repo_name')], 'no push');
}

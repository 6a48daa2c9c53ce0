import * as v from 'valibot';
import { isJsonObject } from '../../../base/documents/json-value.ts';
import { hostedNameField, readEvent, tagField, toFieldError } from './fields.ts';
import type { ParsedEvent } from './push.ts';
import { toParsedEvent, toPush } from './push.ts';

const schema = v.object({ docker_url: hostedNameField, updated_tags: v.array(tagField) });

/**
 * Quay's `repo_push`, the one notification with `updated_tags`; the body names no kind. It holds no digest: what the
 * older form maps its tags to are image IDs, which name nothing that is signed.
 *
 * @throws InputError `BodyInvalid`, `BodyTooLarge`
 */
export function parseQuayWebhook(body: unknown): ParsedEvent {
  if (!isJsonObject(body)) throw toFieldError('the body', 'expected object');
  const { updated_tags: updated } = body;
  if (updated === undefined) return { kind: 'ignored', reason: 'not a repo_push: it has no updated_tags' };
  const tags = isJsonObject(updated) ? Object.keys(updated) : updated;
  const { docker_url: url, updated_tags } = readEvent(schema, { ...body, updated_tags: tags });
  const parts = { source: 'quay', registry: url.registry, untrustedRepository: url.rest } as const;
  const pushes = [...new Set(updated_tags)].map((tag) => toPush({ ...parts, tag }, 'docker_url'));
  return toParsedEvent(pushes, 'updated_tags is empty');
}

import * as v from 'valibot';
import { isJsonObject } from '../../../base/documents/json-value.ts';
import { plainObject } from '../../../base/documents/schema.ts';
import { isDigest } from '../../../base/names/digest.ts';
import { hostedNameField, optionalDigestField, optionalTagField, readEvent, toFieldError } from './fields.ts';
import type { ParsedEvent } from './push.ts';
import { type PushParts, toIgnoredEvent, toParsedEvent, toPush } from './push.ts';

const ACTIONS: readonly string[] = ['published', 'updated'];
const actionSchema = v.object({ action: v.string() });
const typeSchema = v.object({ package_type: v.string() });

const schema = v.object({
  namespace: v.string(),
  name: v.string(),
  package_version: v.object({
    version: v.optional(v.string()),
    package_url: v.optional(hostedNameField),
    container_metadata: v.object({
      tag: v.pipe(plainObject, v.object({ name: optionalTagField, digest: optionalDigestField })),
    }),
  }),
});

/**
 * GitHub's `package` and `registry_package`. The body decides which: the header is not signed.
 *
 * @throws InputError `BodyInvalid`
 */
export function parseGithubWebhook(body: unknown): ParsedEvent {
  if (!isJsonObject(body)) throw toFieldError('the body', 'expected object');
  const member = ['package', 'registry_package'].find((name) => Object.hasOwn(body, name));
  if (member === undefined) return { kind: 'ignored', reason: 'neither package nor registry_package' };
  const { action } = readEvent(actionSchema, body);
  if (!ACTIONS.includes(action)) return toIgnoredEvent('action', action);
  const { package_type: type } = readEvent(typeSchema, body[member], [member]);
  if (type.toUpperCase() !== 'CONTAINER') return toIgnoredEvent(`${member}.package_type`, type);
  const { namespace, name, package_version } = readEvent(schema, body[member], [member]);
  const { version = '', package_url: url, container_metadata } = package_version;
  const { tag } = container_metadata;
  const parts: PushParts = {
    source: 'github',
    // An enterprise server has a host of its own, which only the package's URL names.
    registry: url?.registry ?? 'ghcr.io',
    untrustedRepository: toRepositoryName(url?.rest ?? `${namespace}/${name}`),
    // A version of a container package is named by its digest.
    digest: tag.digest ?? (isDigest(version) ? version : undefined),
    tag: tag.name,
  };
  const field = url === undefined ? `${member}.name` : `${member}.package_version.package_url`;
  return toParsedEvent([toPush(parts, field)], 'no push');
}

/** Without tag or digest, and in lower case: an owner may have capitals, which the registry folds. */
function toRepositoryName(text: string): string {
  return text.slice(0, text.search(/[:@]|$/)).toLowerCase();
}

import * as v from 'valibot';
import { parsedField } from '../../../base/documents/schema.ts';
import { parseDigest } from '../../../base/names/digest.ts';
import { readEvent, tagOrDigestField, takeOnlyRegistry, urlHostField } from './fields.ts';
import { type Delivery, type ParsedEvent, toIgnoredEvent, toParsedEvent, toPush } from './push.ts';

const kindSchema = v.object({ domain: v.string(), event_type: v.string() });
/** The files that Artifactory keeps a manifest or an index in. */
const MANIFEST_FILES: readonly string[] = ['manifest.json', 'list.manifest.json'];
const fileSchema = v.object({ data: v.object({ name: v.string() }) });

const schema = v.object({
  jpd_origin: v.optional(urlHostField),
  data: v.object({
    repo_key: v.string(),
    image_name: v.string(),
    sha256: parsedField(v.string(), (hex) => parseDigest(`sha256:${hex}`)),
    tag: v.optional(tagOrDigestField),
  }),
});

/**
 * JFrog's predefined webhook of the domain `docker`. It names the platform at most, so the registry is its credential's:
 * the one of that platform and, where a registry's host is one repository's alone, of that repository.
 *
 * @throws InputError `BodyInvalid`
 */
export function parseJfrogWebhook(body: unknown, { scopes }: Delivery): ParsedEvent {
  const kind = readEvent(kindSchema, body);
  if (kind.domain !== 'docker') return toIgnoredEvent('domain', kind.domain);
  if (kind.event_type !== 'pushed') return toIgnoredEvent('event_type', kind.event_type);
  const { name: file } = readEvent(fileSchema, body).data;
  if (!MANIFEST_FILES.includes(file)) return toIgnoredEvent('data.name', file);
  const { jpd_origin: origin, data } = readEvent(schema, body);
  const { repo_key: key, image_name: image, sha256: digest, tag } = data;
  const parts = { source: 'jfrog', digest, tag } as const;
  const spoken = scopes.filter(({ registry, platform }) => origin === undefined || origin === (platform ?? registry));
  // No credential is for that platform: the push is named as its, for the receiver to refuse.
  if (origin !== undefined && spoken.length === 0) {
    const foreign = { ...parts, registry: origin, untrustedRepository: `${key}/${image}` };
    return toParsedEvent([toPush(foreign, 'data.image_name')], 'no push');
  }
  const own = spoken.filter(({ repositoryKey }) => repositoryKey === key);
  const named = own.length > 0 ? own : spoken.filter(({ repositoryKey }) => repositoryKey === undefined);
  if (named.length === 0) return toIgnoredEvent('data.repo_key', key);
  const registry = takeOnlyRegistry(named, 'jpd_origin');
  const untrustedRepository = own.length > 0 ? image : `${key}/${image}`;
  return toParsedEvent([toPush({ ...parts, registry, untrustedRepository }, 'data.image_name')], 'no push');
}

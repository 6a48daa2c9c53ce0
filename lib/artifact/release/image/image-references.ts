import { isJsonObject, type JsonObject, type JsonValue } from '../../../base/documents/json-value.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import type { Digest } from '../../../base/names/digest.ts';
import { MAX_PULLSPEC_LENGTH, parsePullspec } from '../../../base/names/reference.ts';
import { readJsonObject, requireSpelling } from './image-manifest.ts';
import { ReleaseError } from './release-error.ts';

/** A component image of a release. */
export interface ReleaseComponent {
  readonly name: string;
  /** As written in the release. */
  readonly pullspec: string;
  readonly digest?: Digest;
  /** Why it has no digest: then any image could be run for it. */
  readonly fault?: string;
}

interface ImageReferences {
  /** The name of the release: its version. */
  readonly name: string | undefined;
  readonly components: readonly ReleaseComponent[];
}

/** Components of a release; a real one has about 190. */
const MAX_COMPONENTS = 4096;
const REFERENCES = 'image-references';
const MAX_NAME_LENGTH = 253;

const METADATA = 'release-metadata';
const MAX_VERSION_LENGTH = 253;

/**
 * Parses `release-manifests/image-references`, an ImageStream with a tag for each component. A tag without a digest is a
 * component with a fault.
 *
 * @throws ReleaseError `ReferencesInvalid`, `LimitExceeded`
 */
export function parseImageReferences(bytes: Uint8Array): ImageReferences {
  const stream = readJsonObject(bytes, REFERENCES, 'ReferencesInvalid');
  const { apiVersion, kind, metadata, spec } = requireOwn(stream, ['apiVersion', 'kind', 'metadata', 'spec']);
  if (kind !== 'ImageStream' || apiVersion !== 'image.openshift.io/v1') throw invalid('is not an ImageStream');
  const tags = isJsonObject(spec) ? requireOwn(spec, ['tags'])['tags'] : undefined;
  if (!Array.isArray(tags) || tags.length === 0) throw invalid('has no component');
  if (tags.length > MAX_COMPONENTS) {
    throw new ReleaseError('LimitExceeded', `${REFERENCES} has more than ${MAX_COMPONENTS} components`);
  }
  const components = new Map<string, ReleaseComponent>();
  for (const [index, tag] of tags.entries()) {
    const component = readComponent(tag, `spec.tags[${index}]`);
    if (components.has(component.name)) throw invalid(`has the component ${JSON.stringify(component.name)} twice`);
    components.set(component.name, component);
  }
  const name = isJsonObject(metadata) ? metadata['name'] : undefined;
  return { name: isName(name) ? name : undefined, components: [...components.values()] };
}

function readComponent(tag: JsonValue, path: string): ReleaseComponent {
  if (!isJsonObject(tag)) throw invalid(`has ${path} without a name`);
  const { name, from } = requireOwn(tag, ['name', 'from']);
  if (!isName(name)) throw invalid(`has ${path} without a name`);
  const pullspec = isJsonObject(from) ? requireOwn(from, ['kind', 'name'])['name'] : undefined;
  if (!isJsonObject(from) || typeof pullspec !== 'string' || pullspec.length > MAX_PULLSPEC_LENGTH) {
    throw invalid(`has ${path} without an image`);
  }
  if (from['kind'] !== 'DockerImage')
    return { name, pullspec, fault: `kind ${JSON.stringify(from['kind'])} is not DockerImage` };
  return { name, pullspec, ...readDigest(pullspec) };
}

function readDigest(pullspec: string): { readonly digest: Digest } | { readonly fault: string } {
  try {
    const { digest } = parsePullspec(pullspec);
    return digest === undefined ? { fault: 'the pullspec has no digest' } : { digest };
  } catch (error) {
    if (error instanceof InputError) return { fault: error.message };
    throw error;
  }
}

/** Parses the version in `release-manifests/release-metadata`. @throws ReleaseError `ReferencesInvalid` */
export function parseReleaseVersion(bytes: Uint8Array): string {
  const metadata = readJsonObject(bytes, METADATA, 'ReferencesInvalid');
  const { kind, version } = requireSpelling(metadata, ['kind', 'version'], METADATA, 'ReferencesInvalid');
  const isVersion = typeof version === 'string' && version !== '' && version.length <= MAX_VERSION_LENGTH;
  if (kind === 'cincinnati-metadata-v0' && isVersion) return version;
  throw new ReleaseError('ReferencesInvalid', `${METADATA} has no version`);
}

function requireOwn(object: JsonObject, known: readonly string[]): JsonObject {
  return requireSpelling(object, known, REFERENCES, 'ReferencesInvalid');
}

function isName(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH;
}

function invalid(fault: string): ReleaseError {
  return new ReleaseError('ReferencesInvalid', `${REFERENCES} ${fault}`);
}

import { isJsonObject, type JsonValue } from '../../../base/documents/json-value.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import type { Digest } from '../../../base/names/digest.ts';
import { MAX_PULLSPEC_LENGTH, parsePullspec } from '../../../base/names/pullspec.ts';
import { MAX_COMPONENTS } from './limits.ts';
import { readJsonObject } from './read-json-object.ts';
import { ReleaseError } from './release-error.ts';

/** One image that a release is made of. */
export interface ReleaseComponent {
  readonly name: string;
  /** As the release names it. */
  readonly pullspec: string;
  readonly digest?: Digest;
  /** Why it is not by digest; nothing says then which image a cluster would run. */
  readonly fault?: string;
}

export interface ImageReferences {
  /** What the release calls itself: its version. */
  readonly name: string | undefined;
  readonly components: readonly ReleaseComponent[];
}

const FILE = 'image-references';
const MAX_NAME_LENGTH = 253;

/**
 * Reads `release-manifests/image-references`, an ImageStream with a tag for each component. A tag that is not by digest
 * is a component with a fault.
 *
 * @throws ReleaseError `ReferencesInvalid`, `LimitExceeded`
 */
export function parseImageReferences(bytes: Uint8Array): ImageReferences {
  const { apiVersion, kind, metadata, spec } = readJsonObject(bytes, FILE, 'ReferencesInvalid');
  if (kind !== 'ImageStream' || apiVersion !== 'image.openshift.io/v1') throw invalid('is not an ImageStream');
  const tags = isJsonObject(spec) ? spec['tags'] : undefined;
  if (!Array.isArray(tags) || tags.length === 0) throw invalid('names no component');
  if (tags.length > MAX_COMPONENTS) {
    throw new ReleaseError('LimitExceeded', `${FILE} names more than ${MAX_COMPONENTS} components`);
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
  if (!isJsonObject(tag) || !isName(tag['name'])) throw invalid(`has ${path} without a name`);
  const { name, from } = tag;
  const pullspec = isJsonObject(from) ? from['name'] : undefined;
  if (!isJsonObject(from) || typeof pullspec !== 'string' || pullspec.length > MAX_PULLSPEC_LENGTH) {
    throw invalid(`has ${path}, which names no image`);
  }
  if (from['kind'] !== 'DockerImage') return { name, pullspec, fault: 'it is not an image of a registry' };
  return { name, pullspec, ...readDigest(pullspec) };
}

function readDigest(pullspec: string): { readonly digest: Digest } | { readonly fault: string } {
  try {
    const { digest } = parsePullspec(pullspec);
    return digest === undefined ? { fault: 'it is not by digest' } : { digest };
  } catch (error) {
    if (error instanceof InputError) return { fault: error.message };
    throw error;
  }
}

function isName(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH;
}

function invalid(fault: string): ReleaseError {
  return new ReleaseError('ReferencesInvalid', `${FILE} ${fault}`);
}

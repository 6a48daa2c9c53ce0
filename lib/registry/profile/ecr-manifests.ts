import { BatchGetImageCommand, ECRClient } from '@aws-sdk/client-ecr';
import { StoreError } from '../../base/errors/store-error.ts';
import { isDigest } from '../../base/names/digest.ts';
import { type Repository, repositoryHost, repositoryPath } from '../../base/names/reference.ts';
import { type EcrRegistry, parseEcrHost } from '../../base/names/registry-host.ts';
import { SDK_TIMEOUTS } from '../../platform/aws/aws-settings.ts';
import { checkManifest, MANIFEST_MEDIA_TYPES, toManifestMediaType, verifyContent } from '../client/registry-answers.ts';
import { MAX_MANIFEST_BYTES, type Manifest } from '../client/registry-client.ts';
import type { ManifestReader } from './profile-registries.ts';

/**
 * Reads manifests of Amazon ECR by AWS's API, which can be granted to a role by repository. The registry's API takes a token
 * that opens every repository of the account. The content is compared with its digest as well.
 */
export function createEcrManifests(createClient: (region: string) => ECRClient = createEcrClient): ManifestReader {
  const clients = new Map<string, ECRClient>();
  const clientOf = (region: string): ECRClient => {
    const client = clients.get(region) ?? createClient(region);
    clients.set(region, client);
    return client;
  };

  async function readManifest(repository: Repository, reference: string, signal: AbortSignal): Promise<Manifest> {
    const place = `${repository} at ${reference}`;
    const { registryId, region } = toEcrRegistry(repository);
    const imageId = isDigest(reference) ? { imageDigest: reference } : { imageTag: reference };
    const command = new BatchGetImageCommand({
      registryId,
      repositoryName: repositoryPath(repository),
      imageIds: [imageId],
      acceptedMediaTypes: [...MANIFEST_MEDIA_TYPES],
    });
    const answer = await ask(place, signal, () => clientOf(region).send(command, { abortSignal: signal }));
    const [image] = answer.images ?? [];
    if (image?.imageManifest === undefined) throw toFailure(place, answer.failures?.[0]?.failureCode);
    const bytes = new TextEncoder().encode(image.imageManifest);
    if (bytes.length > MAX_MANIFEST_BYTES) {
      throw new StoreError('LimitExceeded', `${place}: longer than ${MAX_MANIFEST_BYTES} bytes`);
    }
    const mediaType = toManifestMediaType(image.imageManifestMediaType);
    if (mediaType === undefined) throw new StoreError('BodyInvalid', `${place}: not a manifest by its media type`);
    const asked = isDigest(reference) ? reference : undefined;
    const digest = verifyContent(bytes, { asked, header: image.imageId?.imageDigest });
    checkManifest(bytes, mediaType);
    return { bytes, mediaType, digest };
  }

  return {
    readManifest,
    resolveTag: async (repository, tag, signal) => (await readManifest(repository, tag, signal)).digest,
  };
}

function toEcrRegistry(repository: Repository): EcrRegistry {
  const registry = parseEcrHost(repositoryHost(repository));
  if (registry === undefined) throw new StoreError('NotAllowed', `${repository} is not in a registry of Amazon ECR`);
  return registry;
}

async function ask<T>(place: string, signal: AbortSignal, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (cause) {
    signal.throwIfAborted();
    const { name, message } = cause instanceof Error ? cause : { name: '', message: String(cause) };
    const code = /AccessDenied|NotAuthorized/.test(name) ? 'AccessDenied' : 'Unavailable';
    throw new StoreError(name === 'RepositoryNotFoundException' ? 'NotFound' : code, `${place}: ${message}`, { cause });
  }
}

/** An answer with neither an image nor a failure does not show that the image is absent. */
function toFailure(place: string, code = 'neither an image nor a failure'): StoreError {
  return new StoreError(code === 'ImageNotFound' ? 'NotFound' : 'Unavailable', `${place}: ${code}`);
}

function createEcrClient(region: string): ECRClient {
  return new ECRClient({ region, requestHandler: SDK_TIMEOUTS });
}

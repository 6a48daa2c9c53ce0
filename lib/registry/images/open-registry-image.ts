import { type DockerReference, formatDockerReference, withDefaultTag } from '../../base/names/docker-reference.ts';
import { parseReference } from '../../base/names/reference.ts';
import type { SignatureStore } from '../../stores/port/signature-store.ts';
import type { RegistryClient } from '../client/registry-client.ts';
import type { ImageSource } from './image-source.ts';

/** Where an image of a registry and its signatures are read. */
export interface RegistryPlaces {
  readonly registry: Pick<RegistryClient, 'readManifest'>;
  /** The lookaside stores that apply to the image, or a mirror of them. */
  readonly signatures: SignatureStore;
}

/**
 * `docker://REFERENCE`. A tag beside a digest is left out, as everywhere: the digest says which image it is.
 *
 * @throws InputError `PullspecInvalid`, `DigestInvalid`
 */
export function openRegistryImage(reference: DockerReference, { registry, signatures }: RegistryPlaces): ImageSource {
  const { name, tag, digest } = withDefaultTag(reference);
  const meant: DockerReference = { name, tag: digest === undefined ? tag : undefined, digest };
  const text = formatDockerReference(meant);
  const { repository } = parseReference(text);
  return {
    description: `docker://${text}`,
    image: { transport: 'docker', reference: meant },
    async readManifest(signal, instance) {
      const wanted = instance ?? meant.digest ?? meant.tag ?? '';
      return (await registry.readManifest(repository, wanted, signal)).bytes;
    },
    readSignatures: ({ digest: found }, signal, kinds) =>
      signatures.fetchSignatures({ digest: found, repository, kinds }, signal),
  };
}

import { InputError } from '../../base/errors/input-error.ts';
import type { Digest } from '../../base/names/digest.ts';
import {
  type DockerReference,
  formatDockerReference,
  parseDockerReference,
  withDefaultTag,
} from '../../base/names/docker-reference.ts';
import { parseReference } from '../../base/names/reference.ts';
import type { SignatureKind, SignatureStore, StoreEntry } from '../../stores/port/signature-store.ts';
import type { PolicyImage } from '../../trust/policy/image-policy.ts';
import type { RegistryClient } from '../client/registry-client.ts';

/** An image at its place, with its signatures. Nothing read from it is trusted. */
export interface ImageSource {
  /** In the form of containers/image: transport, then place. */
  readonly description: string;
  /** The name by which a policy finds the image. */
  readonly image: PolicyImage;
  /**
   * The manifest of the image, or of an image of the index that it is: at most `MAX_MANIFEST_BYTES`,
   * untrusted.
   *
   * @throws InputError `FileUnreadable` for a file; StoreError for the answer of a registry, and `ContentMismatch` if the
   * bytes do not have the digest that names them
   */
  readManifest(signal: AbortSignal, instance?: Digest): Promise<Uint8Array>;
  /**
   * The signatures of the manifest, or of an image of the index that it is, at least those of the kinds that are wanted.
   * Throws as a SignatureStore does.
   */
  readSignatures(
    image: { readonly digest: Digest; readonly isInstance: boolean },
    signal: AbortSignal,
    kinds?: readonly SignatureKind[],
  ): AsyncIterable<StoreEntry>;
}

/** An image in the notation of skopeo's command line. */
export type ImageName =
  | { readonly transport: 'docker'; readonly reference: DockerReference }
  | { readonly transport: 'dir'; readonly path: string }
  | { readonly transport: 'oci'; readonly path: string; readonly name: string | undefined };

/** @throws InputError `ArgumentInvalid`, or the error of its reference */
export function parseImageName(text: string): ImageName {
  const colon = text.indexOf(':');
  const transport = text.slice(0, Math.max(colon, 0));
  const rest = text.slice(colon + 1);
  switch (transport) {
    case 'docker':
      if (!rest.startsWith('//')) throw invalid(text);
      return { transport, reference: parseDockerReference(rest.slice('//'.length)) };
    case 'dir':
      if (rest === '') throw invalid(text);
      return { transport, path: rest };
    case 'oci': {
      // The first colon ends the path, as for skopeo.
      const end = rest.indexOf(':');
      const path = end < 0 ? rest : rest.slice(0, end);
      const name = end < 0 ? '' : rest.slice(end + 1);
      if (path === '') throw invalid(text);
      return { transport, path, name: name === '' ? undefined : name };
    }
    default:
      throw invalid(text);
  }
}

/** Names of containers-transports(5) that stand before a colon without slashes, as no `docker://` does. */
const LOCAL_TRANSPORTS: ReadonlySet<string> = new Set([
  'atomic',
  'containers-storage',
  'dir',
  'docker-archive',
  'docker-daemon',
  'oci',
  'oci-archive',
  'ostree',
  'sif',
  'tarball',
]);

/**
 * Refuses what names a transport, where an image of a registry is meant: `dir:x` is a folder to whoever writes it, and would
 * be the repository `dir` of Docker Hub, whose name with its host is taken.
 *
 * @param takes what is taken instead
 * @throws InputError `ArgumentInvalid`
 */
export function refuseTransport(text: string, takes: string): void {
  const transport = text.slice(0, Math.max(text.indexOf(':'), 0));
  if (!LOCAL_TRANSPORTS.has(transport)) return;
  const shown = toShown(text);
  throw new InputError('ArgumentInvalid', `${shown} names an image by the transport ${transport}: expected ${takes}`);
}

function toShown(text: string): string {
  return JSON.stringify(text.length > 160 ? `${text.slice(0, 160)}…` : text);
}

function invalid(text: string): InputError {
  return new InputError('ArgumentInvalid', `${toShown(text)} is not docker://REFERENCE, dir:PATH or oci:PATH[:NAME]`);
}

/** The places of a registry's image and its signatures. */
interface RegistryPlaces {
  readonly registry: Pick<RegistryClient, 'readManifest'>;
  /** The lookaside stores that apply to the image, or a mirror of them. */
  readonly signatures: SignatureStore;
}

/**
 * Opens `docker://REFERENCE`. A tag beside a digest is ignored, as everywhere: the digest identifies the image.
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

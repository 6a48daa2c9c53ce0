import { openLocalRelease } from '../../lib/artifact/release/open-local-release.ts';
import {
  openRegistryRelease,
  type ReleaseSource,
  type ReleaseVerifier,
  type Verification,
} from '../../lib/artifact/release/release-source.ts';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { parsePullspec, repositoryHost } from '../../lib/base/names/reference.ts';
import { listBlobHosts } from '../../lib/registry/client/allowed-registries.ts';
import { parseImageName, refuseTransport } from '../../lib/registry/images/image-source.ts';
import { openDirectoryImage, openLayoutImage } from '../../lib/registry/images/open-local-image.ts';
import { decideImage } from '../../lib/verdict/decide/decide-image.ts';
import { evaluatePolicies } from '../../lib/verdict/decide/evaluate-policies.ts';
import { asOwn } from '../../lib/verdict/decide/policies-at-name.ts';
import { openRegistries, toNamedTrust } from '../open/registries.ts';
import { openStores } from '../open/stores.ts';
import { openTrust } from '../open/trust.ts';
import type { StoreOptions, TrustOptions } from '../shell/options.ts';

export interface ReleaseOptions extends Pick<StoreOptions, 'allowPrivateStores' | 'tlsCa'> {
  readonly pullSecret?: string;
  /** `HOST=ORIGIN` each. */
  readonly registry?: readonly string[];
  readonly allowRegistry: readonly string[];
}

/** `close` closes every connection. */
interface OpenedRelease {
  readonly source: ReleaseSource;
  readonly close: () => void;
}

/** The release image that the user named, not read yet. @throws InputError, ConfigurationError, StoreError */
export async function openRelease(text: string, options: ReleaseOptions): Promise<OpenedRelease> {
  // Docker Hub's repositories `dir` and `oci` are named with their host.
  if (!/^(?:dir|oci):/.test(text)) return await openPullspec(text, options);
  const name = parseImageName(text);
  const image =
    name.transport === 'oci' ? await openLayoutImage(name.path, name.name) : await openDirectoryImage(text.slice(4));
  return { source: openLocalRelease(image), close: () => undefined };
}

async function openPullspec(text: string, options: ReleaseOptions): Promise<OpenedRelease> {
  refuseTransport(text, 'a pullspec, dir:PATH or oci:PATH[:NAME]');
  const pullspec = parsePullspec(text);
  const host = repositoryHost(pullspec.repository);
  const trust = await toNamedTrust('', [host, ...listBlobHosts(host), ...options.allowRegistry], options.tlsCa);
  const registries = openRegistries(options);
  try {
    const registry = await registries.openRegistry(trust);
    return { source: openRegistryRelease(pullspec, registry), close: () => registries.close() };
  } catch (error) {
    registries.close();
    throw error;
  }
}

/** `close` closes every connection. */
export interface OpenedVerifier extends ReleaseVerifier {
  readonly close: () => void;
}

/**
 * Decides about a release by a profile, as `verify` does, and about its components by the profile's image policies.
 *
 * @throws InputError, ConfigurationError, StoreError
 */
export async function openReleaseVerifier(
  options: TrustOptions & StoreOptions,
  signal: AbortSignal,
): Promise<OpenedVerifier> {
  const trust = await openTrust(options);
  const { prepared } = trust;
  const { store, lookaside, manifests, close } = await openStores(options, prepared);

  /** Decided by its digest at the canonical repository, wherever it was read. */
  const release: ReleaseVerifier['release'] = async (digest, source) => {
    const [repository] = prepared.canonicalRepositories;
    if (repository === undefined) return reject('RepositoryNotCanonical', 'the profile names no canonical repository');
    const pullspec = parsePullspec(`${repository}@${digest}`);
    const { verdict } = await decideImage({ pullspec }, trust, {
      store,
      lookaside,
      manifests: { readManifest: (_, wanted, until) => source.readManifest(parseDigest(wanted), until) },
      now: () => new Date(),
      signal,
    });
    return { outcome: verdict.outcome, reasons: verdict.reasons };
  };

  async function component(text: string): Promise<Verification> {
    const { repository, digest } = parsePullspec(text);
    if (digest === undefined) return reject('DigestMissing', `${text} is not by digest`);
    // A component is judged under its own name, and not as a release image.
    const own = asOwn(prepared, repository);
    const question = { repository, digest, prepared: own, lookaside, manifests, now: new Date(), signal };
    const { judgement } = await evaluatePolicies(question);
    return judgement ?? reject('PolicyRejects', `no image policy of profile ${prepared.profile} asks for a signature`);
  }

  return { release, component, close };
}

function reject(code: Verification['reasons'][number]['code'], message: string): Verification {
  return { outcome: 'rejected', reasons: [{ code, message }] };
}

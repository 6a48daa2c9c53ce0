import {
  createImageVerifier,
  type ImageVerifier,
  type VerifyingProfile,
} from '../../lib/artifact/catalog/check-catalog.ts';
import { parseDockerReference } from '../../lib/base/names/docker-reference.ts';
import type { ImagePolicy } from '../../lib/trust/policy/image-policy.ts';
import { type KeySource, keySourceName } from '../../lib/trust/policy/policy-requirement.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { toReadyTrust } from '../../lib/trust/source/trust-source.ts';
import { openRegistryImages, type RegistryImageOptions } from '../open/images.ts';
import { readKeyFile, readPolicyKeys } from '../open/keys.ts';
import { openStores } from '../open/stores.ts';
import type { StoreOptions } from '../shell/options.ts';

export interface VerifierOptions extends RegistryImageOptions, StoreOptions {
  readonly root?: string;
  readonly bundleIdentity: 'refuse' | 'digest';
}

/** `close` cancels running verifications and closes every connection. */
export interface OpenedVerifier {
  readonly verify: ImageVerifier;
  readonly close: () => void;
}

/** Many images by the same profiles and policy: trust, stores and keys are read once. @throws InputError, ConfigurationError */
export async function openImageVerifier(
  { policy, trusts }: { readonly policy: ImagePolicy | undefined; readonly trusts: readonly PreparedTrust[] },
  options: VerifierOptions,
  signal: AbortSignal,
): Promise<OpenedVerifier> {
  const controller = new AbortController();
  const closers: (() => void)[] = [() => controller.abort()];
  const close = (): void => {
    for (const each of closers) each();
  };
  try {
    const profiles: VerifyingProfile[] = [];
    for (const prepared of trusts) {
      const { store, lookaside, manifests, close: closeStores } = await openStores(options, prepared);
      closers.push(closeStores);
      profiles.push({ trust: toReadyTrust(prepared, new Date()), store, lookaside, manifests });
    }
    const images = policy === undefined ? undefined : await openRegistryImages(options);
    if (images !== undefined) closers.push(images.close);
    const byPolicy = policy &&
      images && {
        policy,
        open: async (pullspec: string) => await images.open(parseDockerReference(pullspec)),
        keys: readOnce((source: KeySource) => readPolicyKeys(source, options.root), keySourceName),
        sigstore: {
          readFile: readOnce((place: string) => readKeyFile(place, options.root), String),
          bundleIdentity: options.bundleIdentity,
        },
      };
    const verify = createImageVerifier(profiles, byPolicy, {
      now: () => new Date(),
      signal: AbortSignal.any([signal, controller.signal]),
    });
    return { verify, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Reads a key file, and prints its warnings, once for all images. */
function readOnce<Named, Read>(
  read: (named: Named) => Promise<Read>,
  toKey: (named: Named) => string,
): (named: Named) => Promise<Read> {
  const known = new Map<string, Promise<Read>>();
  return async (named) => {
    const key = toKey(named);
    const reading = known.get(key) ?? read(named);
    known.set(key, reading);
    return await reading;
  };
}

import type { ReleaseVerifier, Verification } from '../../lib/artifact/release/release-inspection.ts';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { parsePullspec } from '../../lib/base/names/pullspec.ts';
import { decideImage } from '../../lib/verdict/decide/decide-image.ts';
import { evaluatePolicies } from '../../lib/verdict/decide/evaluate-policies.ts';
import { asOwn } from '../../lib/verdict/decide/policies-at-name.ts';
import { openStores } from '../open/open-stores.ts';
import { openTrust } from '../open/open-trust.ts';
import type { StoreOptions, TrustOptions } from '../shell/options.ts';

/** `close` lets go of every connection. */
export interface OpenedVerifier extends ReleaseVerifier {
  readonly close: () => void;
}

/**
 * Decides about a release by a profile, as `verify` does, and about its components by the profile's image policies.
 *
 * @throws InputError, ConfigurationError, StoreError
 */
export async function openReleaseVerifier(options: TrustOptions & StoreOptions): Promise<OpenedVerifier> {
  const trust = await openTrust(options);
  const { prepared } = trust;
  const { store, lookaside, manifests, close } = await openStores(options, prepared);
  const { signal } = new AbortController();

  /** Wherever it was read: its digest is that of the canonical repository's image, or it is not the release. */
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
    // A component is what the release names it as, and stands for no release.
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

import { hash } from 'node:crypto';
import { InputError } from '../lib/base/errors/input-error.ts';
import { StoreError } from '../lib/base/errors/store-error.ts';
import { parsePullspec } from '../lib/base/names/reference.ts';
import { detectManifestType, verifyContent } from '../lib/registry/client/registry-answers.ts';
import type { ManifestSource } from '../lib/registry/client/registry-client.ts';
import type { SignatureStore } from '../lib/stores/port/signature-store.ts';
import { prepareTrust } from '../lib/trust/prepare/prepare-trust.ts';
import { toReadyTrust } from '../lib/trust/source/trust-source.ts';
import { decideImage } from '../lib/verdict/decide/decide-image.ts';
import type { Verdict } from '../lib/verdict/judge/verdict.ts';

export { ConfigurationError } from '../lib/base/errors/configuration-error.ts';
export type { Pullspec } from '../lib/base/names/reference.ts';
export type { Attempt, ImageResult, Outcome, PolicyResult, Reason } from '../lib/verdict/judge/verdict.ts';
export { InputError, parsePullspec, type Verdict };

/** A file of a trust folder: the name is relative to the folder, with `/` between its parts. */
export interface TrustDocument {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What is known of an image: bytes that nobody has verified yet. */
export interface Evidence {
  /** `registry/repository@sha256:<64 hex digits>`. */
  readonly pullspec: string;
  /** OpenPGP messages, or Sigstore signatures with their payloads, in the order in which they are read. */
  readonly signatures: readonly Uint8Array[];
  /** The image's manifest, and of an index those of its images; needed where an image policy covers the image. */
  readonly manifests?: readonly Uint8Array[] | undefined;
  /** The time by which keys and signatures count; now by default. */
  readonly now?: Date | undefined;
}

/** Decides by the trust of one profile. */
export interface Verifier {
  readonly profile: string;
  /** SHA-256 of the documents, as every verdict names it. */
  readonly revision: string;
  /** Documents that were left out, keys that cannot be used, and whatever else a reader of the documents should know. */
  readonly warnings: readonly string[];
  /**
   * The verdict about bytes: nothing is read, fetched or written. A signature that cannot be read is an attempt of the
   * verdict, and never an exception.
   *
   * @throws InputError `PullspecInvalid`, `DigestInvalid`, `ArgumentInvalid` for a `now` that is no time
   */
  verify(evidence: Evidence): Promise<Verdict>;
}

/**
 * Compiles trust documents: trust ConfigMaps, a Profile, policies and key files, as a folder of `--trust` has them.
 *
 * @param profile its name, such as `ocp`; may be left out where a Profile document among them says it
 * @throws ConfigurationError that names the document and the reason
 */
export async function createVerifier(documents: readonly TrustDocument[], profile?: string): Promise<Verifier> {
  const prepared = await prepareTrust(profile, documents);
  return {
    profile: prepared.profile,
    revision: prepared.revision,
    warnings: prepared.warnings,
    async verify({ pullspec, signatures, manifests = [], now = new Date() }) {
      if (Number.isNaN(now.getTime())) throw new InputError('ArgumentInvalid', 'now is not a time');
      const store = toStore(signatures);
      const { verdict } = await decideImage({ pullspec: parsePullspec(pullspec) }, toReadyTrust(prepared, now), {
        store,
        lookaside: store,
        manifests: toManifestSource(manifests),
        now: () => now,
        signal: new AbortController().signal,
      });
      return verdict;
    },
  };
}

/** One decision by documents that are used once. @throws as {@link createVerifier} and its `verify` do */
export async function verifyRelease(
  evidence: Evidence & { readonly trust: readonly TrustDocument[]; readonly profile?: string | undefined },
): Promise<Verdict> {
  const { trust, profile, ...rest } = evidence;
  return await (await createVerifier(trust, profile)).verify(rest);
}

function toStore(signatures: readonly Uint8Array[]): SignatureStore {
  const store = 'the given signatures';
  return {
    description: store,
    async *fetchSignatures() {
      await Promise.resolve();
      for (const [index, untrustedBytes] of signatures.entries()) {
        yield { kind: 'signature', store, location: `signatures[${index}]`, untrustedBytes };
      }
      yield { kind: 'absent', store, location: `signatures[${signatures.length}]` };
    },
  };
}

function toManifestSource(manifests: readonly Uint8Array[]): ManifestSource {
  return {
    async readManifest(_, asked) {
      await Promise.resolve();
      const algorithm = asked.slice(0, asked.indexOf(':'));
      const bytes = manifests.find((each) => `${algorithm}:${hash(algorithm, each)}` === asked);
      if (bytes === undefined) throw new StoreError('NotFound', `the manifest ${asked} was not given`);
      const mediaType = detectManifestType(bytes);
      if (mediaType === undefined) throw new StoreError('BodyInvalid', `${asked} is no manifest of a supported kind`);
      return { bytes, mediaType, digest: verifyContent(bytes, { asked: undefined, header: asked }) };
    },
  };
}

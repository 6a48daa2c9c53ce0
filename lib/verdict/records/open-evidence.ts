import type { ProxyOptions } from '../../platform/http/routes.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { openSecretSource } from '../../platform/secrets/secret-source.ts';
import { parsePullSecret } from '../../registry/client/pull-secret.ts';
import {
  createProfileRegistries,
  type ProfileRegistries,
  type RegistriesOptions,
} from '../../registry/profile/profile-registries.ts';
import { createUpstreamStores, openMirror, type UpstreamStores } from '../../stores/open/open-stores.ts';
import type { SignaturePlaces } from '../../stores/port/signature-store.ts';
import { createTrustSource, type TrustSource } from '../../trust/source/trust-source.ts';
import { type Acceptances, createAcceptances } from './list-accepted.ts';
import { createQuestions, type Questions } from './questions.ts';

/** What every function that decides and records has: trust, the places of evidence, and where records are kept. */
export interface Evidence {
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  readonly acceptances: Acceptances;
  readonly questions: Questions;
  readonly mirror: SignaturePlaces;
  readonly upstream: UpstreamStores;
  readonly now: () => Date;
}

export interface EvidenceOptions extends Pick<RegistriesOptions, 'apiOrigins' | 'allowPrivateAddresses' | 'openEcr'> {
  readonly objects: ObjectStore;
  readonly profiles: readonly string[];
  /** Where the pull secret is: an ARN or a file. Undefined: registries are read without credentials. */
  readonly pullSecret: string | undefined;
  readonly proxy: ProxyOptions;
  /** Read instead of every profile's stores. */
  readonly replacement?: readonly string[] | undefined;
  /** Milliseconds after which trust is read again. */
  readonly trustRefreshMs?: number | undefined;
  /** Milliseconds after which the pull secret is read again. */
  readonly secretRefreshMs?: number | undefined;
}

export interface OpenEvidence extends Evidence {
  /** Contacted only by profiles whose policies require Sigstore signatures or the images of an index. */
  readonly registries: ProfileRegistries;
  readonly close: () => void;
}

/** Opens pull secret, registries, signature stores, mirror and trust, for functions and for the service of one machine. */
export function openEvidence(options: EvidenceOptions): OpenEvidence {
  const { objects, profiles, proxy, replacement, allowPrivateAddresses, trustRefreshMs } = options;
  const now = (): Date => new Date();
  const registries = openRegistries(options);
  const upstream = createUpstreamStores({ proxy, replacement, allowPrivateAddresses, registries });
  return {
    trust: createTrustSource(objects, profiles, now, trustRefreshMs),
    objects,
    acceptances: createAcceptances(objects),
    questions: createQuestions(),
    mirror: openMirror(objects),
    upstream,
    registries,
    now,
    close() {
      upstream.close();
      registries.close();
    },
  };
}

/** Opens the registries of profiles with the pull secret. */
export function openRegistries({
  proxy,
  pullSecret,
  secretRefreshMs,
  apiOrigins,
  allowPrivateAddresses,
  openEcr,
}: Omit<EvidenceOptions, 'objects' | 'profiles'>): ProfileRegistries {
  return createProfileRegistries({
    proxy,
    apiOrigins,
    allowPrivateAddresses,
    openEcr,
    pullSecret: openSecretSource(pullSecret, { parse: parsePullSecret, refreshMs: secretRefreshMs }),
  });
}

import { parseAdmissionCredentials } from '../../lib/cluster/admission/admission-credentials.ts';
import { createVerdictReuse } from '../../lib/cluster/admission/verdict-reuse.ts';
import { readAwsSettings, readProxy } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openLightObjectStore } from '../../lib/platform/objects/open-light-object-store.ts';
import { createSecretSource, openSecret } from '../../lib/platform/secrets/secret-source.ts';
import { parsePullSecret } from '../../lib/registry/client/pull-secret.ts';
import { createProfileRegistries } from '../../lib/registry/profile/profile-registries.ts';
import { createUpstreamStores, openMirror } from '../../lib/stores/open/open-stores.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createAcceptances } from '../../lib/verdict/records/acceptances.ts';
import { createHandler } from './handler.ts';

const { objects, profiles, admission, pullSecret } = readConfiguration(process.env, {
  optional: ['SIGNET_ADMISSION', 'SIGNET_PULL_SECRET'],
});
const now = (): Date => new Date();
const proxy = readProxy(process.env);
const store = await openLightObjectStore(objects, () => readAwsSettings(process.env));

// Contacted by profiles alone whose policies ask for Sigstore signatures.
const registries = createProfileRegistries({
  proxy,
  pullSecret:
    pullSecret === undefined
      ? undefined
      : createSecretSource({ readText: openSecret(pullSecret), parse: parsePullSecret, now }),
});

export const handler = createHandler({
  trust: createTrustSource(store, profiles, now),
  clusters:
    admission === undefined
      ? undefined
      : createSecretSource({ readText: openSecret(admission), parse: parseAdmissionCredentials, now }),
  objects: store,
  acceptances: createAcceptances(store),
  mirror: openMirror(store),
  upstream: createUpstreamStores({ proxy, registries }),
  reuse: createVerdictReuse(store),
  telemetry: createTelemetry('review-admission'),
  now,
});

import { createProfileAttachments } from '../../lib/attachments/profile-attachments.ts';
import { parseAdmissionCredentials } from '../../lib/cluster/admission-credentials.ts';
import { createVerdictReuse } from '../../lib/cluster/verdict-reuse.ts';
import { createTrustSource } from '../../lib/decide/trust-source.ts';
import { openLightObjectStore } from '../../lib/objects/open-light-object-store.ts';
import { createAcceptances } from '../../lib/records/acceptances.ts';
import { createProfileRegistries } from '../../lib/registry/profile-registries.ts';
import { parsePullSecret } from '../../lib/registry/pull-secret.ts';
import { readAwsSettings, readProxy } from '../../lib/runtime/environment.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
import { openSecret } from '../../lib/secrets/read-secret.ts';
import { createSecretSource } from '../../lib/secrets/secret-source.ts';
import { openMirror } from '../../lib/signatures/open-mirror.ts';
import { createUpstreamStores } from '../../lib/signatures/upstream-stores.ts';
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
  upstream: createUpstreamStores({ proxy, attachments: createProfileAttachments(registries) }),
  reuse: createVerdictReuse(store),
  telemetry: createTelemetry('review-admission'),
  now,
});

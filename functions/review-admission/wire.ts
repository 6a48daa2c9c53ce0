import { parseAdmissionCredentials } from '../../lib/cluster/admission/admission-credentials.ts';
import { createReviewRate } from '../../lib/cluster/admission/review-admission.ts';
import { createVerdictReuse } from '../../lib/cluster/admission/verdict-reuse.ts';
import { readAwsSettings, readProxy } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openLightObjectStore } from '../../lib/platform/objects/open-light-object-store.ts';
import { openSecretSource } from '../../lib/platform/secrets/secret-source.ts';
import { openEcrByRole } from '../../lib/registry/profile/profile-registries.ts';
import { openEvidence } from '../../lib/verdict/records/open-evidence.ts';
import { createHandler } from './handler.ts';

const configuration = readConfiguration(process.env, {
  optional: ['SIGNET_ADMISSION', 'SIGNET_PULL_SECRET', 'SIGNET_EDGE'],
});
const objects = await openLightObjectStore(configuration.objects, () => readAwsSettings(process.env));
const openEcr = openEcrByRole(() => readAwsSettings(process.env));

const telemetry = createTelemetry('review-admission');
const handle = createHandler({
  ...openEvidence({ ...configuration, objects, proxy: readProxy(process.env), openEcr }),
  clusters: openSecretSource(configuration.admission, { parse: parseAdmissionCredentials }),
  rate: createReviewRate(),
  reuse: createVerdictReuse(objects),
  telemetry,
});

export const handler =
  configuration.edge === undefined
    ? handle
    : (await import('../../lib/platform/lambda/edge.ts')).onlyThroughEdge(handle, {
        location: configuration.edge,
        telemetry,
      });

import { parseAdmissionCredentials } from '../../lib/cluster/admission/admission-credentials.ts';
import { createVerdictReuse } from '../../lib/cluster/admission/verdict-reuse.ts';
import { readAwsSettings, readProxy } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openLightObjectStore } from '../../lib/platform/objects/open-light-object-store.ts';
import { openSecretSource } from '../../lib/platform/secrets/secret-source.ts';
import { openEvidence } from '../../lib/verdict/records/open-evidence.ts';
import { createHandler } from './handler.ts';

const configuration = readConfiguration(process.env, { optional: ['SIGNET_ADMISSION', 'SIGNET_PULL_SECRET'] });
const objects = await openLightObjectStore(configuration.objects, () => readAwsSettings(process.env));

export const handler = createHandler({
  ...openEvidence({ ...configuration, objects, proxy: readProxy(process.env) }),
  clusters: openSecretSource(configuration.admission, { parse: parseAdmissionCredentials }),
  reuse: createVerdictReuse(objects),
  telemetry: createTelemetry('review-admission'),
});

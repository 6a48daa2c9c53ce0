import { readAwsSettings } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openLightObjectReader } from '../../lib/platform/objects/open-light-object-reader.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createHandler } from './handler.ts';

const { objects, profiles } = readConfiguration(process.env);
const now = (): Date => new Date();
const store = await openLightObjectReader(objects, () => readAwsSettings(process.env));

export const handler = createHandler({
  trust: createTrustSource(store, profiles, now),
  telemetry: createTelemetry('check-pullspec'),
  now,
});

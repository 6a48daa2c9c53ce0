import { createTrustSource } from '../../lib/decide/trust-source.ts';
import { openLightObjectStore } from '../../lib/objects/open-light-object-store.ts';
import { readAwsSettings } from '../../lib/runtime/environment.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
import { createHandler } from './handler.ts';

const { objects, profiles } = readConfiguration(process.env);
const now = (): Date => new Date();
const store = await openLightObjectStore(objects, () => readAwsSettings(process.env));

export const handler = createHandler({
  trust: createTrustSource(store, profiles, now),
  telemetry: createTelemetry('check-pullspec'),
  now,
});

import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { createTrustSource } from '../../lib/trust/source/trust-source.ts';
import { createHandler } from './handler.ts';

const { objects, profiles } = readConfiguration(process.env);
const now = (): Date => new Date();
const store = await openObjectStore(objects);

export const handler = createHandler({
  trust: createTrustSource(store, profiles, now),
  objects: store,
  telemetry: createTelemetry('read-records'),
  now,
});

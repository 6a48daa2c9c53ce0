import { createTrustSource } from '../../lib/decide/trust-source.ts';
import { openObjectStore } from '../../lib/objects/open-object-store.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
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

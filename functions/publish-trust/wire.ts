import { openObjectStore } from '../../lib/objects/open-object-store.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
import { createHandler } from './handler.ts';

const { objects } = readConfiguration(process.env);

export const handler = createHandler({
  objects: await openObjectStore(objects),
  telemetry: createTelemetry('publish-trust'),
});

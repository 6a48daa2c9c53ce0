import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { createHandler } from './handler.ts';

const { objects } = readConfiguration(process.env);

export const handler = createHandler({
  objects: await openObjectStore(objects),
  telemetry: createTelemetry('publish-trust'),
});

import { openLightObjectStore } from '../../lib/objects/open-light-object-store.ts';
import { readAwsSettings } from '../../lib/runtime/environment.ts';
import { readConfiguration } from '../../lib/runtime/read-configuration.ts';
import { createTelemetry } from '../../lib/runtime/telemetry.ts';
import { createHandler } from './handler.ts';

const { objects } = readConfiguration(process.env);

export const handler = createHandler({
  objects: await openLightObjectStore(objects, () => readAwsSettings(process.env)),
  telemetry: createTelemetry('serve-signature'),
});

import { readAwsSettings } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openLightObjectStore } from '../../lib/platform/objects/open-light-object-store.ts';
import { createHandler } from './handler.ts';

const { objects } = readConfiguration(process.env);

export const handler = createHandler({
  objects: await openLightObjectStore(objects, () => readAwsSettings(process.env)),
  telemetry: createTelemetry('serve-signature'),
});

import { readAwsSettings } from '../../lib/platform/lambda/environment.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { openLightObjectReader } from '../../lib/platform/objects/open-light-object-reader.ts';
import { createHandler } from './handler.ts';

const { objects } = readConfiguration(process.env);

export const handler = createHandler({
  objects: await openLightObjectReader(objects, () => readAwsSettings(process.env)),
  telemetry: createTelemetry('serve-signature'),
});

import path from 'node:path';
import { readPageFiles } from '../../lib/platform/files/page-files.ts';
import { readConfiguration } from '../../lib/platform/lambda/read-configuration.ts';
import { createTelemetry } from '../../lib/platform/lambda/telemetry.ts';
import { createHandler } from './handler.ts';
import { parseSignIn } from './parse-sign-in.ts';

const { page } = readConfiguration(process.env, { optional: ['SIGNET_PAGE'] });

export const handler = createHandler({
  // In the zip, beside the bundle, where scripts/build-functions.ts puts them.
  files: await readPageFiles(path.join(import.meta.dirname, 'page')),
  signIn: parseSignIn(page ?? ''),
  telemetry: createTelemetry('serve-page'),
});

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { startAws } from '../../test/package/aws/start-aws.ts';
import { packageService } from '../../test/package/package-service.ts';
import { readEnvironment } from '../../test/package/read-environment.ts';
import { fillObjects, makeSamples, writeAdmission, writeWebhooks } from '../../test/package/sample-events.ts';
import { settleConditions } from '../../test/package/settle-conditions.ts';
import { createMemoryObjectStore } from '../../test/support/memory-object-store.ts';

/** A function as it would be deployed, over a directory of objects, and an event that it answers. */
export interface PackagedFunction {
  readonly name: string;
  readonly bytes: number;
  /** Arguments of `answer.mjs`, but for how often it answers. */
  readonly bundle: string;
  readonly eventFile: string;
  /** Empty where the event makes it ask AWS for nothing. */
  readonly awsPort: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Packages all functions into an empty directory. @returns them, and what ends the stand-in for AWS */
export async function packageFunctions(scratch: string): Promise<{
  readonly functions: readonly PackagedFunction[];
  readonly close: () => Promise<void>;
}> {
  const { built, template } = await packageService(path.join(scratch, 'package'));
  const settled = settleConditions(template);
  const samples = await makeSamples();
  const aws = await startAws({ objects: createMemoryObjectStore(), secrets: new Map(), manifests: new Map() });
  const secrets = {
    SIGNET_WEBHOOKS: await writeWebhooks(scratch),
    SIGNET_ADMISSION: await writeAdmission(scratch),
  };
  const functions: PackagedFunction[] = [];
  for (const { name, bundle, bytes } of built) {
    const sample = samples[name];
    if (sample === undefined) continue;
    const objects = path.join(scratch, 'objects', name);
    await mkdir(objects, { recursive: true });
    await fillObjects(objects);
    const eventFile = path.join(scratch, `${name}.json`);
    await writeFile(eventFile, JSON.stringify(sample.event));
    const own = readEnvironment(settled, name);
    const given = Object.entries(secrets).filter(([key]) => Object.hasOwn(own, key));
    const env = { ...own, SIGNET_OBJECTS: objects, ...Object.fromEntries(given) };
    const awsPort = sample.calls === undefined ? '' : String(aws.port);
    functions.push({ name, bytes, bundle: pathToFileURL(bundle).href, eventFile, awsPort, env });
  }
  return { functions, close: () => aws.stop() };
}

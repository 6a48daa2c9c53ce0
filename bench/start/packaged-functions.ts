import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createDirectoryObjectStore } from '../../lib/platform/objects/directory/directory-object-store.ts';
import { startAws } from '../../test/stack/package/aws/start-aws.ts';
import { packageService } from '../../test/stack/package/package-service.ts';
import { readEnvironment } from '../../test/stack/package/read-environment.ts';
import { fillObjects, makeSamples, writeAdmission, writeWebhooks } from '../../test/stack/package/sample-events.ts';
import { settleConditions } from '../../test/stack/package/settle-conditions.ts';
import { toHttpEvent } from '../../test/support/http-event.ts';

/** Of a stage with a page; by default no stage has one, and its function answers 404. */
const PAGE = {
  event: toHttpEvent({ method: 'GET', path: '/console.json' }),
  signIn: {
    issuer: 'https://id.example.com',
    clientId: 'signet-page',
    scopes: 'openid',
    origins: '',
    redriveScope: 'signet/redrive',
  },
};

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

/** The function with its objects in S3, which is a stand-in on loopback, without TLS. */
export type OverS3 = (packaged: PackagedFunction) => PackagedFunction;

/** Packages all functions into an empty directory. @returns them, and what ends the stand-in for AWS */
export async function packageFunctions(scratch: string): Promise<{
  readonly functions: readonly PackagedFunction[];
  readonly overS3: OverS3;
  readonly close: () => Promise<void>;
}> {
  const { built, template } = await packageService(path.join(scratch, 'package'));
  const settled = settleConditions(template);
  const samples = await makeSamples();
  const bucket = path.join(scratch, 'bucket');
  await mkdir(bucket);
  await fillObjects(bucket);
  const objectsOfS3 = createDirectoryObjectStore(bucket);
  const aws = await startAws({ objects: objectsOfS3, secrets: new Map(), manifests: new Map() });
  const secrets = {
    SIGNET_WEBHOOKS: await writeWebhooks(scratch),
    SIGNET_ADMISSION: await writeAdmission(scratch),
    SIGNET_PAGE: JSON.stringify(PAGE.signIn),
  };
  const functions: PackagedFunction[] = [];
  for (const { name, bundle, bytes } of built) {
    const sample = samples[name];
    if (sample === undefined) continue;
    const objects = path.join(scratch, 'objects', name);
    await mkdir(objects, { recursive: true });
    await fillObjects(objects);
    const eventFile = path.join(scratch, `${name}.json`);
    await writeFile(eventFile, JSON.stringify(name === 'serve-page' ? PAGE.event : sample.event));
    const own = readEnvironment(settled, name);
    const given = Object.entries(secrets).filter(([key]) => Object.hasOwn(own, key));
    const env = { ...own, SIGNET_OBJECTS: objects, ...Object.fromEntries(given) };
    const awsPort = sample.calls === undefined ? '' : String(aws.port);
    functions.push({ name, bytes, bundle: pathToFileURL(bundle).href, eventFile, awsPort, env });
  }
  const overS3: OverS3 = (packaged) => ({
    ...packaged,
    awsPort: String(aws.port),
    env: { ...packaged.env, SIGNET_OBJECTS: readEnvironment(settled, packaged.name)['SIGNET_OBJECTS'] ?? '' },
  });
  return { functions, overS3, close: () => aws.stop() };
}

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { listFunctions } from '../../../scripts/build-functions.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { startAws } from './aws/start-aws.ts';
import { type PackagedService, readTemplate, readZip, unzip, writePage } from './package-service.ts';
import { readEnvironment } from './read-environment.ts';
import { readFunction } from './read-function.ts';
import { fillObjects, makeSamples, writeAdmission, writeWebhooks } from './sample-events.ts';
import { settleConditions } from './settle-conditions.ts';
import { startBundle } from './start-bundle.ts';

const BUILD = path.join(import.meta.dirname, '../../../scripts/build-functions.ts');
const KB = 1024;
const names = await listFunctions();

let directory: string;
let service: PackagedService;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'signet-package-'));
  const { built, variants } = inject('packaged');
  const { output, directory: packaged } = variants.defaults;
  service = { ...(await readTemplate(packaged)), output, built, readZip: (name) => readZip(packaged, name) };
}, 180_000);

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

test('bundles are the same from a process that is started in another way', async () => {
  const built = path.join(directory, 'dist');
  const given = [built, await writePage(directory)].map((one) => JSON.stringify(one)).join(', ');
  const script = `import(${JSON.stringify(pathToFileURL(BUILD).href)}).then((all) => all.buildFunctions(${given}))`;
  await promisify(execFile)(process.execPath, ['--eval', script], { env: {} });
  for (const name of names) expect(await readBuilt(name, path.join(built, name))).toEqual(await readBuilt(name));
}, 180_000);

describe.each(names)('%s', (name) => {
  test('runs on Node 24 for arm64, is traced, and has a role of its own', () => {
    const [role] = readFunction(service.template, name).Role['Fn::GetAtt'];
    expect(role).toBe(`${name.split('-').map(capitalise).join('')}Role`);
  });

  test('is zipped alone, the same bytes each time', async () => {
    const zip = await service.readZip(name);
    expect(unzip(zip)).toEqual(await readBuilt(name));
    expect(Buffer.compare(zip, await readZip(inject('packaged').again, name))).toBe(0);
  });

  test('starts from its zip, with the environment that the template gives it, and answers an event of its kind', async () => {
    const objects = path.join(directory, 'objects', name);
    await fillObjects(objects);
    const { Handler: handler } = readFunction(service.template, name);
    const [file, exported] = handler.split(/\.(?=[^.]*$)/);
    expect(exported).toBe('handler');
    const unzipped = path.join(directory, 'unzipped', name);
    for (const [zipped, bytes] of unzip(await service.readZip(name))) {
      await mkdir(path.dirname(path.join(unzipped, zipped)), { recursive: true });
      await writeFile(path.join(unzipped, zipped), bytes);
    }
    const bundle = path.join(unzipped, `${file}.mjs`);
    const env = { ...readEnvironment(settleConditions(service.template), name), SIGNET_OBJECTS: objects };
    const webhooks = Object.hasOwn(env, 'SIGNET_WEBHOOKS') ? { SIGNET_WEBHOOKS: await writeWebhooks(directory) } : {};
    const admission = Object.hasOwn(env, 'SIGNET_ADMISSION')
      ? { SIGNET_ADMISSION: await writeAdmission(directory) }
      : {};
    const aws = await startAws({ objects: createMemoryObjectStore(), secrets: new Map(), manifests: new Map() });
    const { invoke, stop } = await startBundle(bundle, { ...env, ...webhooks, ...admission }, aws.port);
    const sample = (await makeSamples())[name];
    const reply = await invoke(sample?.event ?? {});
    await stop();
    await aws.stop();
    expect(reply.error).toBeUndefined();
    expect(reply.node).toMatch(/^24\./);
    expect(parseBody(reply.answer)).toMatchObject(sample?.answer ?? {});
    expect(aws.calls.map(({ action }) => action)).toEqual(sample?.calls ?? []);
  });
});

describe('bundles', () => {
  test.each([
    ['check-pullspec', 64 * KB],
    ['serve-signature', 40 * KB],
    ['serve-page', 64 * KB],
    ['verify-image', 1024 * KB],
    ['review-admission', 1024 * KB],
  ])('%s has at most %d bytes', (name, limit) => {
    expect(findBuilt(name).bytes).toBeLessThanOrEqual(limit);
  });

  test.each([
    ['check-pullspec', ['openpgp', '@aws-sdk/client-s3', '@aws-sdk/client-sqs']],
    ['serve-signature', ['openpgp', '@aws-sdk/client-s3', '@aws-sdk/client-sqs']],
    ['verify-image', ['openpgp', '@aws-sdk/client-s3']],
    ['read-records', ['openpgp']],
    ['review-admission', ['openpgp', '@aws-sdk/client-s3', '@aws-sdk/client-sqs']],
    ['mirror-signatures', ['openpgp']],
    ['plan-mirror', ['openpgp']],
    ['export-bundle', ['openpgp']],
  ])('%s holds nothing of %j', (name, unwanted) => {
    const { inputs } = findBuilt(name);
    expect(inputs).toContain(`functions/${name}/wire.ts`);
    const found = inputs.filter((input) => unwanted.some((library) => input.includes(`node_modules/${library}/`)));
    expect(found).toEqual([]);
  });

  test('serve-page holds nothing that asks AWS or anybody else', () => {
    const { atStart } = findBuilt('serve-page');
    expect(atStart).toContain('functions/serve-page/wire.ts');
    const asks = /^(?:lib\/platform\/(?:aws|http|objects|queues|bus)\/|node_modules\/(?:@aws-sdk|aws4)\/)/;
    expect(atStart.filter((input) => asks.test(input))).toEqual([]);
  });

  test.each(['check-pullspec', 'serve-signature'])('%s reads alone, and holds nothing that writes', (name) => {
    const { inputs } = findBuilt(name);
    expect(inputs).toContain('lib/platform/objects/s3/s3-light-reader.ts');
    expect(
      inputs.filter((input) => /(?:object-store|directory-lock|conditional-write|list-files)\.ts$/.test(input)),
    ).toEqual(['lib/platform/objects/port/object-store.ts']);
  });

  test.each([
    ['verify-image', ['@aws-sdk', '@sigstore', '@noble']],
    ['review-admission', ['@aws-sdk', '@sigstore', '@noble']],
    ['verify-pushed', ['@aws-sdk/client-secrets-manager', '@sigstore', '@noble']],
    ['mirror-signatures', ['@aws-sdk/client-s3', '@sigstore', '@noble']],
  ])('%s starts without %j, which few answers need', (name, rare) => {
    const { inputs, atStart } = findBuilt(name);
    const isRare = (input: string): boolean => rare.some((library) => input.includes(`node_modules/${library}/`));
    expect(inputs.filter(isRare)).not.toEqual([]);
    expect(atStart).toContain(`functions/${name}/wire.ts`);
    expect(atStart.filter(isRare)).toEqual([]);
  });

  test.each(names)('%s holds nothing that is for browsers', (name) => {
    const { inputs } = findBuilt(name);
    expect(inputs).toContain(`functions/${name}/wire.ts`);
    expect(inputs.filter((input) => input.includes('node_modules/bowser/'))).toEqual([]);
  });

  test.each(names)('%s starts from two files at most: each has to be found, read and linked', async (name) => {
    const files = ['handler.mjs'];
    for (const file of files) {
      const text = await readFile(path.join(path.dirname(findBuilt(name).bundle), file), 'utf8');
      for (const [, chunk = ''] of text.matchAll(/(?:from|import)"\.\/(chunk-[A-Z0-9]+\.mjs)"/g)) {
        if (!files.includes(chunk)) files.push(chunk);
      }
    }
    expect(files.length).toBeLessThanOrEqual(2);
  });

  test.each([
    ['check-pullspec', ['crypto'], ['fs/promises', 'http', 'https', 'net', 'perf_hooks', 'tls', 'zlib']],
    ['serve-signature', ['crypto'], ['fs/promises', 'http', 'https', 'net', 'perf_hooks', 'tls', 'zlib']],
    [
      'verify-image',
      ['crypto', 'fs/promises', 'zlib'],
      ['dns', 'http', 'https', 'net', 'perf_hooks', 'stream/web', 'tls'],
    ],
  ])('%s answers from files by %j of Node, and never loads %j', async (name, used, unused) => {
    const objects = path.join(directory, 'loads', name);
    await fillObjects(objects);
    const eventFile = path.join(directory, `${name}-event.json`);
    await writeFile(eventFile, JSON.stringify((await makeSamples())[name]?.event));
    const env = { ...readEnvironment(settleConditions(service.template), name), SIGNET_OBJECTS: objects };
    const script = [
      "const { readFileSync } = process.getBuiltinModule('fs');",
      'const [, bundle, eventFile] = process.argv;',
      'const { handler } = await import(bundle);',
      "const context = { awsRequestId: '0', getRemainingTimeInMillis: () => 300_000 };",
      "await handler(JSON.parse(readFileSync(eventFile, 'utf8')), context);",
      'const loaded = process.moduleLoadList;',
      "console.log('\\n' + JSON.stringify(loaded.filter((one) => one.startsWith('NativeModule '))));",
      'process.exit();',
    ].join('\n');
    const args = ['--input-type=module', '--eval', script, pathToFileURL(findBuilt(name).bundle).href, eventFile];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    const loaded = v.parse(v.array(v.string()), JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
    const isLoaded = (module: string): boolean => loaded.includes(`NativeModule ${module}`);
    expect(used.filter((module) => !isLoaded(module))).toEqual([]);
    expect(unused.filter(isLoaded)).toEqual([]);
  });

  test.each(names)('%s takes its credentials from its environment, and has no other way', (name) => {
    expect(findBuilt(name).inputs.filter((input) => /credential-provider-(?!env)/.test(input))).toEqual([]);
  });
});

/** The files of a function, as its zip names them. */
/** @param built the folder of the function's files */
async function readBuilt(
  name: string,
  built = path.dirname(findBuilt(name).bundle),
): Promise<ReadonlyMap<string, Uint8Array>> {
  const read = async (file: string): Promise<[string, Uint8Array]> => [
    `dist/${name}/${file}`,
    Uint8Array.from(await readFile(path.join(built, file))),
  ];
  const entries = await readdir(built, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return new Map(
    await Promise.all(files.map((entry) => read(path.relative(built, path.join(entry.parentPath, entry.name))))),
  );
}

function findBuilt(name: string): PackagedService['built'][number] {
  const built = service.built.find((one) => one.name === name);
  if (built === undefined) throw new Error(`${name} was not built`);
  return built;
}

/** An HTTP answer with its JSON body parsed; anything else as it is. */
function parseBody(answer: unknown): unknown {
  const parsed = v.safeParse(v.looseObject({ headers: v.record(v.string(), v.unknown()), body: v.string() }), answer);
  if (!parsed.success || parsed.output.headers['content-type'] !== 'application/json') return answer;
  return { ...parsed.output, body: JSON.parse(parsed.output.body) as unknown };
}

function capitalise(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

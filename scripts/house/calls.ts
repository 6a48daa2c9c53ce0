import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { FIXTURE_RELEASES, FIXTURE_TRUST, fixtureReleases } from '../../test/support/fixture-releases.ts';
import { toHttpEvent } from '../../test/support/http-event.ts';
import type { Figure } from './figures.ts';
import { fromRoot, listSources, ROOT } from './sources.ts';

const CALL_TWICE = path.join(import.meta.dirname, 'call-twice.ts');
const PROGRAM = path.join(ROOT, 'cli/shell/main.ts');
const Batch = v.object({ Entries: v.array(v.object({ Id: v.string() })) });

/** One fixture release, and another one that is verified before it. */
const [RELEASE = '', EARLIER = ''] = fixtureReleases
  .filter(({ expected }) => expected === 'accept')
  .map(({ pullspec }) => pullspec);

/**
 * The sources with a function that is called for one verification, by V8's coverage: of verify-image between its event
 * and its answer, and of `signet verify`. Both read an HTTP store; the function keeps its objects in a folder, and its
 * queue is on this machine.
 */
export async function countCalls(): Promise<readonly Figure[]> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-house-'));
  const server = createServer((request, response) => void answer(request, response));
  try {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const trust = await writeTrust(path.join(scratch, 'trust/ocp'), `${origin}/signatures`);
    const request = await callRequest(path.join(scratch, 'objects'), trust, origin);
    const pair = [EARLIER, RELEASE].map((pullspec) => ['verify', pullspec, '--trust', trust]);
    const command = await callTwice({ kind: 'command', pair }, {});
    return [
      toFigure('calls-request', 'files called for one POST /v1/verify', request, 45),
      toFigure('calls-command', 'files called for one signet verify', command, 65),
    ];
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function callRequest(objects: string, trust: string, origin: string): Promise<readonly string[]> {
  await mkdir(objects);
  await run([PROGRAM, 'trust', 'publish', '--trust', trust, '--to', objects], {});
  const pair = [EARLIER, RELEASE].map((pullspec) =>
    toHttpEvent({ method: 'POST', path: '/v1/verify', body: { pullspec } }),
  );
  return await callTwice(
    { kind: 'request', pair },
    {
      SIGNET_OBJECTS: objects,
      SIGNET_PROFILES: 'ocp',
      SIGNET_MIRROR_QUEUE_URL: `${origin}/queue`,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'house',
      AWS_SECRET_ACCESS_KEY: 'house',
    },
  );
}

/** The fixture profile, with its store at this address. @returns the directory */
async function writeTrust(directory: string, store: string): Promise<string> {
  const file = 'release-verification.yaml';
  const configMap = await readFile(path.join(FIXTURE_TRUST, 'ocp', file), 'utf8');
  const profile = {
    apiVersion: 'signet/v1',
    kind: 'Profile',
    metadata: { name: 'ocp' },
    spec: { stores: { allowPrivateAddresses: true } },
  };
  await mkdir(directory, { recursive: true });
  await writeFile(path.join(directory, file), configMap.replace(/(store-fixture: ).*/, `$1${store}`));
  await writeFile(path.join(directory, 'profile.json'), JSON.stringify(profile));
  return directory;
}

/** The signature store of the fixtures, and SQS, which takes every batch. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'POST') {
    const { Entries } = v.parse(Batch, JSON.parse(await text(request)));
    response.end(JSON.stringify({ Successful: Entries.map(({ Id }) => ({ Id, MessageId: Id })), Failed: [] }));
    return;
  }
  const bytes = await readFile(path.join(FIXTURE_RELEASES, path.normalize(request.url ?? ''))).catch(() => undefined);
  if (bytes === undefined) response.writeHead(404);
  response.end(bytes);
}

async function callTwice(given: object, environment: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const called = v.parse(v.array(v.string()), JSON.parse(await run([CALL_TWICE, JSON.stringify(given)], environment)));
  return listSources()
    .filter((file) => called.includes(file))
    .map(fromRoot)
    .toSorted();
}

/** @returns what the process wrote to descriptor 3 @throws Error when it fails */
async function run(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, args, {
    env: { ...environment, SIGNET_LOG_LEVEL: 'SILENT' },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const written = child.stdio[3];
  if (child.stderr === null || written === null || written === undefined) throw new TypeError('a pipe is not open');
  const output: string[] = [];
  written.on('data', (chunk) => output.push(String(chunk)));
  const [errors] = await Promise.all([text(child.stderr), once(child, 'close')]);
  if (child.exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${child.exitCode}: ${errors}`);
  return output.join('');
}

function toFigure(id: string, name: string, found: readonly string[], most: number): Figure {
  return { id, name, value: found.length, goal: { kind: 'at most', value: most }, found };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '../find-free-port.ts';
import { findTool } from '../tools.ts';

const READY_WITHIN_MS = 10_000;

export interface TestS3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  stop(): Promise<void>;
}

/** The server that `SIGNET_TEST_S3` names, else an installed one, started; undefined when there is neither. */
export async function startS3Server(): Promise<TestS3Server | undefined> {
  const named = process.env['SIGNET_TEST_S3'];
  if (named !== undefined && named !== '') return toNamedServer(named);
  const program = findTool('versitygw');
  return program === undefined ? undefined : startProgram(program);
}

/** Whether {@link startS3Server} would find one. */
export function hasS3Server(): boolean {
  return (process.env['SIGNET_TEST_S3'] ?? '') !== '' || findTool('versitygw') !== undefined;
}

function toNamedServer(endpoint: string): TestS3Server {
  return {
    endpoint,
    region: process.env['AWS_REGION'] ?? 'us-east-1',
    credentials: {
      accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? 'test',
      secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? 'test-secret',
    },
    stop: async () => undefined,
  };
}

async function startProgram(program: string): Promise<TestS3Server> {
  const scratch = await mkdtemp(path.join(tmpdir(), 's3-server-'));
  const [buckets, sidecar] = [path.join(scratch, 'buckets'), path.join(scratch, 'sidecar')];
  for (const directory of [buckets, sidecar]) await mkdir(directory);
  const address = `127.0.0.1:${await findFreePort()}`;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test-secret' };
  const server = spawn(
    program,
    // A sidecar for metadata: not every file system has extended attributes.
    ['--quiet', '--keep-alive', '--port', address, 'posix', '--sidecar', sidecar, buckets],
    {
      env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  // A test run that ends otherwise than by stop() leaves no server behind.
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  server.unref();
  const stop = async () => {
    process.off('exit', kill);
    if (server.exitCode === null && server.signalCode === null) {
      // A script that waits for nothing else would end before its server.
      server.ref();
      const ended = once(server, 'exit');
      kill();
      await ended;
    }
    await rm(scratch, { recursive: true, force: true });
  };
  try {
    await waitUntilReady(server, `http://${address}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint: `http://${address}`, region: 'us-east-1', credentials, stop };
}

async function waitUntilReady(server: ChildProcess, endpoint: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`the S3 server ended with ${server.exitCode}`);
    // Any answer will do: without a signature it is 403.
    const isReady = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (isReady) return;
    await delay(20);
  }
  throw new Error(`the S3 server was not ready within ${READY_WITHIN_MS} ms`);
}

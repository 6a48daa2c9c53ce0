import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { findFreePort } from '../../support/find-free-port.ts';

const ENDPOINT = { name: 'test', timeout: '5s', threshold: 5, backoff: '1s' };
const READY_WITHIN_MS = 10_000;

export interface TestRegistry {
  /** `127.0.0.1:<port>`, spoken to over http. */
  readonly host: string;
  /** Puts other bytes in the place of what it holds under a digest. */
  falsify(digest: Digest, bytes: Uint8Array): Promise<void>;
  stop(): Promise<void>;
}

interface RegistrySetting {
  readonly tokenRealm?: string;
  /** A URL that gets the registry's events. */
  readonly notified?: string;
}

/**
 * Starts the CNCF distribution registry, as Debian and others package it. With a `tokenRealm` every request without an Authorization header is answered with a
 * Bearer challenge for it.
 */
export async function startRegistry(
  program: string,
  { tokenRealm, notified }: RegistrySetting = {},
): Promise<TestRegistry> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'signet-registry-'));
  const host = `127.0.0.1:${await findFreePort()}`;
  const config = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: path.join(scratch, 'storage') } },
    http: { addr: host },
    ...(notified === undefined ? {} : { notifications: { endpoints: [{ ...ENDPOINT, url: notified }] } }),
    ...(tokenRealm === undefined ? {} : { auth: { silly: { realm: tokenRealm, service: 'test-registry' } } }),
  };
  const file = path.join(scratch, 'config.yml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const child = spawn(program, ['serve', file], { stdio: 'ignore', env: { OTEL_TRACES_EXPORTER: 'none' } });
  const ended = once(child, 'exit');
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    process.off('exit', kill);
    kill();
    await ended;
    await rm(scratch, { recursive: true, force: true });
  };
  try {
    await waitUntilReady(host, () => child.exitCode !== null);
  } catch (error) {
    await stop();
    throw error;
  }
  const falsify = async (digest: Digest, bytes: Uint8Array) => {
    const [algorithm = '', hex = ''] = digest.split(':');
    const blob = path.join(scratch, 'storage/docker/registry/v2/blobs', algorithm, hex.slice(0, 2), hex, 'data');
    await access(blob);
    await writeFile(blob, bytes);
  };
  return { host, falsify, stop };
}

async function waitUntilReady(host: string, hasEnded: () => boolean): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (hasEnded()) throw new Error('the registry ended as it started');
    const isReady = await fetch(`http://${host}/v2/`).then(
      () => true,
      () => false,
    );
    if (isReady) return;
    await delay(20);
  }
  throw new Error(`the registry was not ready within ${READY_WITHIN_MS} ms`);
}

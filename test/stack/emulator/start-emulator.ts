import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import path from 'node:path';
import process from 'node:process';
import aws4 from 'aws4';
import { findFreePort } from '../../support/find-free-port.ts';
import { TEST_CA } from '../../support/servers/start-server.ts';

const TLS = path.join(import.meta.dirname, '../../support/servers/tls');
const START_MS = 60_000;
const REGION = 'us-east-1';
/** The key of the account's root, which the emulator lets do everything. */
const ROOT = { accessKeyId: 'test', secretAccessKey: 'test' };

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Asked {
  readonly method?: string;
  readonly service?: string;
  /** Host that is asked for, as API Gateway has one for each API; the emulator's own by default. */
  readonly host?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Emulator {
  readonly endpoint: string;
  /** For programs that use the AWS SDK. */
  readonly env: Readonly<Record<string, string>>;
  readonly log: () => string;
  /** Signs by the root's key. */
  readonly ask: (asked: Asked) => Promise<Answer>;
  readonly askUnsigned: (asked: Asked) => Promise<Answer>;
  readonly toApiHost: (api: string) => string;
  readonly stop: () => Promise<void>;
}

/** AWS on loopback that enforces TLS, signatures and IAM, and runs functions in processes of this Node. */
export async function startEmulator(program: string, directory: string): Promise<Emulator> {
  const port = await findFreePort();
  const endpoint = `https://127.0.0.1:${port}`;
  await mkdir(directory, { recursive: true });
  const ca = path.join(directory, 'ca.pem');
  await writeFile(ca, TEST_CA);
  const shared = { AWS_ENDPOINT_URL: endpoint, NODE_EXTRA_CA_CERTS: ca };
  const env = {
    PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH'] ?? ''}`,
    HOME: directory,
    USE_SSL: '1',
    AUTH: 'true',
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: 'localhost',
    GATEWAY_PORT: String(port),
    MINISTACK_SSL_CERT: path.join(TLS, 'server.pem'),
    MINISTACK_SSL_KEY: path.join(TLS, 'server-key.pem'),
    S3_DATA_DIR: path.join(directory, 's3'),
    STATE_DIR: path.join(directory, 'state'),
    ...shared,
  };
  // A process group of its own: the functions' processes end with it.
  const child = spawn(program, { env, cwd: directory, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const ended = once(child, 'exit');
  const askUnsigned = (asked: Asked): Promise<Answer> => send(port, asked, toHeaders(asked, port));
  const started = Date.now();
  while ((await askUnsigned({ path: '/_ministack/health' }).catch(() => undefined))?.status !== 200) {
    if (child.exitCode !== null || Date.now() - started > START_MS)
      throw new Error(`the emulator did not start: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    endpoint,
    env: {
      ...shared,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: ROOT.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
    },
    log: () => log,
    ask: (asked) => {
      const { method = 'GET', service = 'execute-api', path: target, body } = asked;
      const options = { method, service, region: REGION, path: target, headers: toHeaders(asked, port) };
      const signed = aws4.sign({ ...options, ...(body === undefined ? {} : { body }) }, ROOT);
      return send(
        port,
        asked,
        Object.fromEntries(Object.entries(signed.headers ?? {}).map(([name, value]) => [name, String(value)])),
      );
    },
    askUnsigned,
    toApiHost: (api) => `${api}.execute-api.localhost:${port}`,
    async stop() {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}

function toHeaders({ host, headers }: Asked, port: number): Readonly<Record<string, string>> {
  return { host: host ?? `127.0.0.1:${port}`, ...headers };
}

async function send(
  port: number,
  { method = 'GET', path: target, body }: Asked,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = { host: '127.0.0.1', port, servername: 'localhost', ca: TEST_CA, method, path: target, headers };
  const sent = request(options, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    response.on('error', reject);
  });
  sent.on('error', reject);
  sent.end(body);
  return await promise;
}

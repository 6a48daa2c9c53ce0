import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { type Digest, parseDigest } from '../../../lib/base/names/digest.ts';
import { createHttpClient, type HttpClientOptions } from '../../../lib/platform/http/http-client.ts';
import { parsePullSecret } from '../../../lib/registry/client/pull-secret.ts';
import { createRegistryClient, type RegistryClient } from '../../../lib/registry/client/registry-client.ts';
import { type Handler, startServer, TEST_CA, type TestServer } from '../../support/servers/start-server.ts';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

export const USER = 'puller';
export const PASSWORD = 'pass:word';
export const BASIC = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;

export function toDigest(bytes: Uint8Array | string, algorithm = 'sha256'): Digest {
  return parseDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`);
}

/** A manifest without layers, with its media type inside. */
export function makeManifest(mediaType: string = OCI_MANIFEST, note = ''): Buffer {
  const content = mediaType.includes('manifest.v') ? { config: {}, layers: [] } : { manifests: [] };
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...content, annotations: { note } }));
}

export interface ClientSetup extends Partial<Omit<HttpClientOptions, 'ca'>> {
  readonly allowed: readonly string[];
  readonly plain?: readonly string[];
  /** Entries of the pull secret's `auths`. */
  readonly auths?: Readonly<Record<string, unknown>>;
  readonly timeoutMs?: number;
  readonly now?: () => number;
}

/** Real servers and clients of one test, all closed together. */
export function createSetup() {
  let closers: (() => Promise<void> | void)[] = [];
  return {
    async serve(handler: Handler, scheme: 'http' | 'https' = 'http'): Promise<TestServer & { readonly host: string }> {
      const server = await startServer(handler, scheme);
      closers.push(() => server.close());
      return { ...server, host: new URL(server.origin).host };
    },
    connect(setup: ClientSetup): RegistryClient {
      const { allowed, plain, auths, timeoutMs, now, allowPrivateAddresses = true, ...more } = setup;
      const http = createHttpClient({ allowPrivateAddresses, ca: TEST_CA, ...more });
      closers.push(() => http.close());
      const pullSecret = auths === undefined ? undefined : parsePullSecret(JSON.stringify({ auths }));
      return createRegistryClient({ http, allowedHosts: allowed, plainHttpHosts: plain, pullSecret, timeoutMs, now });
    },
    onEnd(close: () => Promise<void> | void) {
      closers.push(close);
    },
    async close() {
      await Promise.all(closers.map(async (close) => await close()));
      closers = [];
    },
  };
}

/** The code of what a promise was rejected with; `answered` when it was not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await errorOf(promise);
  if (error === undefined) return 'answered';
  const isOurs = error instanceof StoreError || error instanceof InputError || error instanceof ConfigurationError;
  return isOurs ? error.code : inspect(error);
}

export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Whatever of an error could end in a log. */
export function toShownText(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error);
  return `${error.stack} ${JSON.stringify(error)} ${error.cause === undefined ? '' : toShownText(error.cause)}`;
}

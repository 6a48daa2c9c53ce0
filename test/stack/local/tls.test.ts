import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type CertificateFiles, issueCertificate, makeAuthority } from '../../apiserver/make-certificates.ts';
import { type RunningSignet, startSignet } from '../../apiserver/start-signet.ts';
import { FIXTURE_TRUST } from '../../support/fixture-releases.ts';
import { findTool } from '../../support/tools.ts';

let work: string;
let authority: CertificateFiles;
let clients: CertificateFiles;
let strangers: CertificateFiles;
let signet: RunningSignet;
const at = (name: string): string => path.join(work, name);

const openssl = findTool('openssl');

beforeAll(async () => {
  if (openssl === undefined) return;
  work = await mkdtemp(path.join(tmpdir(), 'signet-tls-'));
  [authority, clients, strangers] = [
    await makeAuthority(work, 'ca'),
    await makeAuthority(work, 'clients'),
    await makeAuthority(work, 'strangers'),
  ];
  await renew('first');
  const cluster = { cluster: 'inside', clientNames: ['front-proxy'] };
  await writeFile(at('admission.json'), JSON.stringify({ schema: 1, clusters: [cluster] }));
  const files = ['--tls-cert', at('tls.crt'), '--tls-key', at('tls.key'), '--client-ca', clients.cert];
  const options = ['--port', '0', '--data', at('data'), '--trust', FIXTURE_TRUST, '--admission', at('admission.json')];
  signet = await startSignet([...options, ...files]);
});
afterAll(async () => {
  if (openssl === undefined) return;
  await signet.stop();
  await rm(work, { recursive: true });
});

async function renew(commonName: string): Promise<void> {
  const made = await issueCertificate(work, authority, { file: commonName, commonName, names: ['127.0.0.1'] });
  await copyFile(made.cert, at('tls.crt'));
  await copyFile(made.key, at('tls.key'));
}

interface Answer {
  readonly body: string;
  /** The name in the certificate of the service. */
  readonly name: string | string[] | undefined;
}

async function ask(
  place: string,
  body: object,
  client?: CertificateFiles,
  agent: Agent | false = false,
): Promise<Answer> {
  const identity = client === undefined ? {} : { cert: await readFile(client.cert), key: await readFile(client.key) };
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = { 'content-type': 'application/json' };
  const options = { method: 'POST', headers, agent, ca: await readFile(authority.cert), ...identity } as const;
  const sent = request(`${signet.url}${place}`, options, (response) => {
    const { CN: name } = (response.socket as TLSSocket).getPeerCertificate().subject;
    response.toArray().then((parts) => resolve({ body: parts.map(String).join(''), name }), reject);
  });
  sent.once('error', reject);
  sent.end(JSON.stringify(body));
  return await promise;
}

const resource = { group: 'hypershift.openshift.io', version: 'v1beta1', resource: 'nodepools' };
const review = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: 'x', operation: 'DELETE', resource },
};

describe.skipIf(openssl === undefined)('npm start with TLS of its own', () => {
  test('serves HTTPS, and everything that asks for no certificate', async () => {
    expect(signet.url).toMatch(/^https:/);
    expect((await ask('/v1/pullspecs/check', { pullspec: 'a' })).body).toContain('outcome');
  });

  test.each<[string, () => Promise<CertificateFiles | undefined>, boolean]>([
    ['of its authority and name', () => issue(clients, 'front-proxy'), true],
    ['of its authority and another name', () => issue(clients, 'front-proxy.evil'), false],
    ['of another authority', () => issue(strangers, 'front-proxy'), false],
    ['of the service’s own authority', () => issue(authority, 'front-proxy'), false],
    ['that is none', async () => undefined, false],
  ])('knows a cluster by a certificate %s: %#', async (_, make, allowed) => {
    for (const place of ['/admission/nodepools', '/apis/admission.signet/v1/nodepools']) {
      const { body } = await ask(place, review, await make());
      expect(JSON.parse(body)).toMatchObject({ response: { uid: 'x', allowed } });
    }
  });

  test('uses renewed files without a restart, and keeps the earlier ones while others cannot be used', async () => {
    expect((await ask('/v1/pullspecs/check', {})).name).toBe('first');
    await writeFile(at('tls.key'), 'half a k');
    await vi.waitFor(() => expect(signet.log()).toContain('cannot be used; the earlier ones stay'), WAIT);
    expect((await ask('/v1/pullspecs/check', {})).name).toBe('first');
    await renew('second');
    await vi.waitFor(async () => expect((await ask('/v1/pullspecs/check', {})).name).toBe('second'), WAIT);
  });

  test('closes connections that were opened under authorities that do not count any more', async () => {
    const [former, own] = [await issue(clients, 'front-proxy'), await readFile(clients.cert)];
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const askKept = async (client: CertificateFiles): Promise<boolean> => {
      const { body } = await ask('/admission/nodepools', review, client, agent);
      return (JSON.parse(body) as { readonly response: { readonly allowed: boolean } }).response.allowed;
    };
    expect(await askKept(former)).toBe(true);
    // Whoever has begun a connection would be asked for a certificate of the former authorities.
    const begun = connect(Number(new URL(signet.url).port), '127.0.0.1');
    const isClosed = once(begun, 'close');
    // Authorities that are being written are none: nobody is shut out meanwhile.
    await writeFile(clients.cert, own.subarray(0, own.length - 40));
    await vi.waitFor(() => expect(signet.log()).toContain('holds no whole certificate'), WAIT);
    expect(await askKept(former)).toBe(true);
    // As an API server that asks again and again, so that no connection is idle for long.
    await copyFile(strangers.cert, clients.cert);
    await vi.waitFor(async () => expect(await askKept(former)).toBe(false), { timeout: 90_000, interval: 50 });
    agent.destroy();
    await isClosed;
    const { body } = await ask('/admission/nodepools', review, await issue(strangers, 'front-proxy'));
    expect(JSON.parse(body)).toMatchObject({ response: { allowed: true } });
    await writeFile(clients.cert, own);
  });

  test.each([
    ['a certificate without its key', ['--tls-cert', 'tls.crt'], '--tls-key'],
    ['clients without TLS', ['--client-ca', 'ca.pem'], '--tls-cert'],
    ['a key of another certificate', ['--tls-cert', 'ca.pem', '--tls-key', 'clients-key.pem'], 'for TLS'],
    [
      'authorities that are none',
      ['--tls-cert', 'tls.crt', '--tls-key', 'tls.key', '--client-ca', 'tls.key'],
      'holds no whole certificate',
    ],
    ['a file that is not there', ['--tls-cert', 'none', '--tls-key', 'none'], '--tls-cert'],
  ])('does not start with %s', async (_, args, says) => {
    const given = args.map((one) => (one.startsWith('--') ? one : at(one)));
    await expect(startSignet(['--port', '0', '--data', at('other'), ...given])).rejects.toThrow(says);
  });
});

async function issue(by: CertificateFiles, commonName: string): Promise<CertificateFiles> {
  return await issueCertificate(work, by, {
    file: `client-${path.basename(by.cert)}-${commonName}`,
    commonName,
    names: [],
  });
}

const WAIT = { timeout: 90_000, interval: 200 };

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '../support/find-free-port.ts';
import { findTool } from '../support/tools.ts';
import { type CertificateFiles, issueCertificate, makeAuthority } from './make-certificates.ts';

/** The programs of a real API server; undefined, said by name, where one is missing. */
export function findApiServer() {
  const [etcd, apiServer, kubectl, openssl] = (['etcd', 'kube-apiserver', 'kubectl', 'openssl'] as const).map(findTool);
  const crds = process.env['SIGNET_CRDS'] ?? '';
  if (crds === '') process.stderr.write('not run: a real API server: SIGNET_CRDS names no folder of CRDs\n');
  if (etcd === undefined || apiServer === undefined || kubectl === undefined) return undefined;
  if (openssl === undefined || crds === '') return undefined;
  return { etcd, apiServer, kubectl, crds };
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
  readonly warnings: readonly string[];
}

export interface ApiServer {
  /** kubectl with these arguments, as the administrator. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<Ran>;
  /** One request, as the user of a token. */
  readonly request: (method: string, path: string, body?: unknown, token?: string) => Promise<ApiAnswer>;
  /** The authority that signs certificates of this cluster, and that of its front proxy. */
  readonly authority: CertificateFiles;
  readonly frontProxyAuthority: CertificateFiles;
  readonly readAuditLog: () => Promise<string>;
  readonly close: () => Promise<void>;
}

/** In the group system:masters, and a user who may change clusters and nothing else. */
export const ADMIN = 'admin-token-of-the-test';
export const JANE = 'token-of-jane-in-the-test';
const READY_MS = 120_000;

/** Starts etcd and kube-apiserver over a scratch folder, and waits until the CRDs are established. */
export async function startApiServer(
  programs: NonNullable<ReturnType<typeof findApiServer>>,
  scratch: string,
): Promise<ApiServer> {
  await mkdir(scratch, { recursive: true });
  const at = (name: string): string => path.join(scratch, name);
  const [clientPort, peerPort, port] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const [authority, frontProxyAuthority] = [
    await makeAuthority(scratch, 'cluster-ca'),
    await makeAuthority(scratch, 'front-proxy-ca'),
  ];
  const names = ['127.0.0.1', '10.0.0.1', 'localhost', 'kubernetes.default.svc'];
  const serving = await issueCertificate(scratch, authority, { file: 'api', commonName: 'kube-apiserver', names });
  const proxy = await issueCertificate(scratch, frontProxyAuthority, {
    file: 'front-proxy',
    commonName: 'front-proxy-client',
    names: [],
  });
  await writeFile(at('tokens.csv'), `${ADMIN},admin,1,"system:masters"\n${JANE},jane,2,"developers"\n`);
  await writeFile(at('audit.yaml'), 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{ level: Metadata }]\n');
  const endpoint = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const etcdFlags = {
    'data-dir': at('etcd'),
    'unsafe-no-fsync': 'true',
    name: 'one',
    'initial-cluster': `one=${peer}`,
    'listen-client-urls': endpoint,
    'advertise-client-urls': endpoint,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
  };
  const apiFlags = {
    'etcd-servers': endpoint,
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'advertise-address': '127.0.0.1',
    'tls-cert-file': serving.cert,
    'tls-private-key-file': serving.key,
    'client-ca-file': authority.cert,
    'token-auth-file': at('tokens.csv'),
    'authorization-mode': 'RBAC',
    'service-account-key-file': authority.cert,
    'service-account-signing-key-file': authority.key,
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-cluster-ip-range': '10.0.0.0/24',
    'disable-admission-plugins': 'ServiceAccount',
    'endpoint-reconciler-type': 'none',
    'audit-policy-file': at('audit.yaml'),
    'audit-log-path': at('audit.log'),
    profiling: 'false',
    // As OpenShift does for APIs that it aggregates.
    'requestheader-client-ca-file': frontProxyAuthority.cert,
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'proxy-client-cert-file': proxy.cert,
    'proxy-client-key-file': proxy.key,
  };
  const etcd = start(programs.etcd, at('etcd.log'), etcdFlags);
  const apiServer = start(programs.apiServer, at('api.log'), apiFlags);
  const kubeconfig = at('kubeconfig');
  await writeFile(kubeconfig, toKubeconfig(port, authority.cert));
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ca: await readFile(authority.cert) });
  const server: ApiServer = {
    kubectl: (args, input) => runKubectl(programs.kubectl, scratch, ['--kubeconfig', kubeconfig, ...args], input),
    request: (method, place, body, token = ADMIN) => ask(agent, port, { method, place, body, token }),
    authority,
    frontProxyAuthority,
    readAuditLog: () => readFile(at('audit.log'), 'utf8'),
    async close() {
      agent.destroy();
      for (const child of [apiServer, etcd]) await end(child);
    },
  };
  try {
    await waitUntilReady(server, apiServer, at('api.log'));
    await addCluster(server, programs.crds);
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function waitUntilReady({ request }: ApiServer, child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const { status } = await request('GET', '/readyz').catch(() => ({ status: 0 }));
    if (status === 200) return;
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`the API server did not start: ${(await readFile(log, 'utf8')).slice(-2000)}`);
    }
    await delay(100);
  }
}

/** The CRDs, and the namespaces that OpenShift has. */
async function addCluster({ kubectl }: ApiServer, crds: string): Promise<void> {
  const applied = await kubectl(['apply', '--server-side', '-f', crds]);
  if (applied.status !== 0) throw new Error(applied.stderr);
  const established = ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'];
  for (const args of [
    established,
    ...['openshift-config', 'openshift-config-managed', 'signet', 'clusters'].map((name) => [
      'create',
      'namespace',
      name,
    ]),
    [
      'create',
      'clusterrole',
      'clusters',
      '--verb=*',
      '--resource=clusterimagesets.hive.openshift.io,clusterdeployments.hive.openshift.io,clusterversions.config.openshift.io',
    ],
    ['create', 'clusterrolebinding', 'jane', '--clusterrole=clusters', '--user=jane'],
  ]) {
    const { status, stderr } = await kubectl(args);
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  }
}

function toKubeconfig(port: number, ca: string): string {
  const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority': ca };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'one', cluster }],
    users: [{ name: 'admin', user: { token: ADMIN } }],
    contexts: [{ name: 'one', context: { cluster: 'one', user: 'admin' } }],
    'current-context': 'one',
  });
}

function start(program: string, log: string, flags: Readonly<Record<string, string>>): ChildProcess {
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '' } });
  const file = createWriteStream(log);
  for (const stream of [child.stdout, child.stderr]) stream.pipe(file, { end: false });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  // Nothing that it holds outlives the test.
  child.kill('SIGKILL');
  await exited;
}

/** @param home where it keeps what it learned of the server */
async function runKubectl(program: string, home: string, args: readonly string[], input = ''): Promise<Ran> {
  const child = spawn(program, args, { env: { PATH: process.env['PATH'] ?? '', HOME: home } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += String(text)));
  child.stderr.on('data', (text) => (stderr += String(text)));
  child.stdin.end(input);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

interface Asked {
  readonly method: string;
  readonly place: string;
  readonly body: unknown;
  readonly token: string;
}

async function ask(agent: Agent, port: number, { method, place, body, token }: Asked): Promise<ApiAnswer> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const headers = { authorization: `Bearer ${token}`, 'content-type': type };
  const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>();
  const sent = httpsRequest({ agent, host: '127.0.0.1', port, path: place, method, headers }, (response) => {
    readAnswer(response).then(resolve, reject);
  });
  sent.once('error', reject);
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  return await promise;
}

async function readAnswer(response: IncomingMessage): Promise<ApiAnswer> {
  const body = (await response.toArray()).map(String).join('');
  // Each is `299 - "<text>"`, and the header has them all.
  const given = [response.headersDistinct['warning'] ?? []].flat().join(', ');
  const warnings = [...given.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, one = '']) => one.replaceAll('\\"', '"'));
  return { status: response.statusCode ?? 0, body, warnings };
}

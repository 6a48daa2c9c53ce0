import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toPodAccess } from '../../../lib/cluster/api/api-access.ts';
import { openClusterApi } from '../../../lib/cluster/api/cluster-api.ts';
import { issueCertificate } from '../../apiserver/make-certificates.ts';
import { type ApiServer, findApiServer, startApiServer } from '../../apiserver/start-api-server.ts';
import { type MirroredSamples, mirrorSamples } from '../../cluster-reader/mirror-samples.ts';
import { serveDirectory } from '../../cluster-reader/serve-directory.ts';
import { startService } from '../../cluster-reader/start-service.ts';
import { runSignet } from '../../support/run-signet.ts';
import { findTool } from '../../support/tools.ts';

const programs = findApiServer();
const reader = findTool('cluster-reader');
const ROLE = path.join(import.meta.dirname, '../../../deploy/kustomize/cluster-sync/role.yaml');
const NAMESPACE = 'openshift-config-managed';
const FIRST = 'signet-synced-signatures-1';
const SIXTEENTH = 'signet-synced-signatures-16';
const LABEL = 'release.openshift.io/verification-signatures';

interface Summary {
  readonly configMaps: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly message?: string;
  }[];
}

describe.skipIf(programs === undefined)('signet cluster sync, on a real API server', () => {
  let samples: MirroredSamples;
  let api: ApiServer;
  const running: (() => Promise<void>)[] = [];
  const at = (name: string): string => path.join(samples.scratch, name);

  beforeAll(async () => {
    if (programs === undefined) return;
    samples = await mirrorSamples();
    api = await startApiServer(programs, at('api'));
    const applied = await api.kubectl(['apply', '--validate=strict', '-f', ROLE]);
    if (applied.status !== 0 || applied.stderr !== '') throw new Error(applied.stderr);
    const made = await api.kubectl(['create', 'token', 'signet-cluster-sync', '-n', 'signet']);
    await writeFile(at('token'), made.stdout);
    const { user } = await toUser({ tokenFile: 'token' });
    await writeFile(at('kubeconfig-sync'), user);
  }, 180_000);

  beforeEach(async () => {
    await api.kubectl(['delete', 'configmaps', '--all', '-n', NAMESPACE]);
  });

  afterAll(async () => {
    for (const close of running) await close();
    await api?.close();
    await samples?.close();
  });

  /** A kubeconfig of this server for a user. */
  async function toUser(user: object): Promise<{ readonly user: string }> {
    const own = JSON.parse(await readFile(at('api/kubeconfig'), 'utf8')) as { readonly clusters: unknown };
    const contexts = [{ name: 'one', context: { cluster: 'one', user: 'sync' } }];
    const config = { apiVersion: 'v1', kind: 'Config', clusters: own.clusters, contexts, 'current-context': 'one' };
    return { user: JSON.stringify({ ...config, users: [{ name: 'sync', user }] }) };
  }

  async function sync(...args: readonly string[]) {
    const kubeconfig = args.includes('--kubeconfig') ? [] : ['--kubeconfig', at('kubeconfig-sync')];
    const from = args.includes('--from') ? [] : ['--from', samples.mirror];
    const run = await runSignet(['cluster', 'sync', '--trust', samples.trust, ...kubeconfig, ...from, ...args]);
    return { ...run, outcomes: run.stdout.match(/^ {2}(?! )\w+/gm)?.map((one) => one.trim()) ?? [] };
  }

  async function syncJson(...args: readonly string[]): Promise<Summary> {
    return JSON.parse((await sync('-o', 'json', ...args)).stdout) as Summary;
  }

  /** Every ConfigMap of the namespace, by the version that each write changes. */
  async function listVersions(): Promise<string> {
    const form = 'jsonpath={range .items[*]}{.metadata.name}={.metadata.resourceVersion} {end}';
    return (await api.kubectl(['get', 'configmaps', '-n', NAMESPACE, '-o', form])).stdout.trim();
  }

  /** What library-go says to every sample release by the ConfigMaps that the cluster has. */
  async function askLibraryGo(): Promise<readonly (readonly [name: string, isAccepted: boolean])[]> {
    const folder = await mkdtemp(path.join(samples.scratch, 'cluster-'));
    const stored = await api.kubectl(['get', 'configmaps', '-n', NAMESPACE, '-l', LABEL, '-o', 'json']);
    const { items } = JSON.parse(stored.stdout) as {
      readonly items: readonly { readonly metadata: { name: string } }[];
    };
    for (const item of items) await writeFile(path.join(folder, `${item.metadata.name}.json`), JSON.stringify(item));
    const verification = at('release-verification.json');
    await writeFile(verification, samples.profile.toConfigMap('http://127.0.0.1:9'));
    const child = spawn(reader ?? '', [verification, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(samples.releases.map(({ digest }) => `${digest}\n`).join(''));
    const lines = (await text(child.stdout)).trim().split('\n');
    const answers = lines.map((line) => JSON.parse(line) as { readonly digest: string; readonly error: string });
    return samples.releases.map(({ name, digest }) => [
      name,
      answers.find((one) => one.digest === digest)?.error === '',
    ]);
  }

  const expected = () => samples.releases.map(({ name, isAccepted }) => [name, isAccepted]);

  test('from nothing to what library-go accepts, with the role that is shipped; again changes nothing', async ({
    skip,
  }) => {
    if (reader === undefined) skip('the cluster reader is not installed');
    const first = await sync();
    expect([first.status, first.outcomes]).toEqual([0, ['created']]);
    expect(await askLibraryGo()).toEqual(expected());
    const versions = await listVersions();
    expect(versions).toContain(`${FIRST}=`);
    const second = await sync();
    expect([second.status, second.outcomes]).toEqual([0, ['unchanged']]);
    expect(await listVersions()).toBe(versions);
  });

  test.each<[string, () => Promise<readonly string[]>]>([
    [
      'the address of a service',
      async () => {
        const { url, stop } = await startService(samples.data, samples.trust);
        running.push(stop);
        return ['--from', url];
      },
    ],
    [
      'a store over HTTP, by the releases of a graph',
      async () => {
        const server = await serveDirectory(samples.mirror);
        running.push(() => server.close());
        return ['--from', `${server.origin}/signatures`, '--graph', at('graph.json')];
      },
    ],
  ])('writes the same from %s', async (_, open) => {
    await sync();
    const { stdout } = await api.kubectl(['get', 'configmap', FIRST, '-n', NAMESPACE, '-o', 'jsonpath={.binaryData}']);
    await api.kubectl(['delete', 'configmap', FIRST, '-n', NAMESPACE]);
    const run = await sync(...(await open()), '--allow-private-stores');
    expect([run.status, run.outcomes]).toEqual([0, ['created']]);
    const again = await api.kubectl(['get', 'configmap', FIRST, '-n', NAMESPACE, '-o', 'jsonpath={.binaryData}']);
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(stdout));
  });

  test('a dry run shows what would change, and changes nothing', async () => {
    const { configMaps } = await syncJson('--dry-run');
    expect(configMaps).toEqual([expect.objectContaining({ name: FIRST, outcome: 'created' })]);
    expect(configMaps[0]?.added.length).toBeGreaterThan(0);
    expect(await listVersions()).toBe('');
    await sync();
    const versions = await listVersions();
    const mirror = await toSmallerMirror();
    const smaller = await syncJson('--dry-run', '--from', mirror);
    expect(smaller.configMaps).toEqual([expect.objectContaining({ outcome: 'changed', added: [] })]);
    expect(smaller.configMaps[0]?.removed.length).toBeGreaterThan(0);
    expect(await listVersions()).toBe(versions);
  });

  /** A mirror of one release that verifies. */
  async function toSmallerMirror(): Promise<string> {
    const folder = await mkdtemp(path.join(samples.scratch, 'smaller-'));
    const [good] = samples.releases.filter(({ isAccepted }) => isAccepted);
    const place = `signatures/${good?.digest.replace(':', '=')}`;
    await mkdir(path.join(folder, 'signatures'));
    await cp(path.join(samples.mirror, place), path.join(folder, place), { recursive: true });
    return folder;
  }

  test('what the mirror no longer has is taken away, and what was deleted comes back', async () => {
    await sync();
    const mirror = await toSmallerMirror();
    expect((await sync('--from', mirror)).outcomes).toEqual(['changed']);
    const [map] = (await syncJson()).configMaps;
    expect([map?.outcome, map?.removed]).toEqual(['changed', []]);
    await api.kubectl(['delete', 'configmap', FIRST, '-n', NAMESPACE]);
    expect((await sync()).outcomes).toEqual(['created']);
  });

  test('nothing is touched where the mirror has nothing that verifies, or does not answer', async () => {
    await sync();
    const versions = await listVersions();
    const empty = await mkdtemp(path.join(samples.scratch, 'empty-'));
    for (const args of [
      ['--from', empty],
      ['--from', 'http://127.0.0.1:9', '--allow-private-stores'],
      ['--from', 'http://127.0.0.1:9/signatures', '--allow-private-stores', '--graph', at('graph.json')],
      ['--minor', '9.9'],
    ]) {
      const { status, stdout, stderr } = await sync(...args);
      // An empty folder is no mirror: the call is wrong.
      const exit = args.includes(empty) ? 2 : 3;
      expect([args, status, stdout, stderr]).toEqual([args, exit, '', expect.stringMatching(/^signet: /)]);
    }
    expect(await listVersions()).toBe(versions);
  });

  test('what another field manager changed is a conflict that names it, until it is taken over', async () => {
    await sync();
    const [map] = (await syncJson()).configMaps;
    const stored = await api.kubectl(['get', 'configmap', FIRST, '-n', NAMESPACE, '-o', 'json']);
    const { binaryData } = JSON.parse(stored.stdout) as { readonly binaryData: Readonly<Record<string, string>> };
    const [key = ''] = Object.keys(binaryData);
    const patch = JSON.stringify({ binaryData: { [key]: 'AAAA' } });
    const edit = ['patch', 'configmap', FIRST, '-n', NAMESPACE, '--field-manager', 'somebody', '--type', 'merge'];
    expect((await api.kubectl([...edit, '--patch', patch])).status).toBe(0);
    const refused = await sync();
    expect([map?.outcome, refused.status, refused.outcomes]).toEqual(['unchanged', 1, ['conflict']]);
    expect(refused.stdout).toContain('conflict with "somebody"');
    const forced = await sync('--force-conflicts');
    expect([forced.status, forced.outcomes]).toEqual([0, ['changed']]);
    expect((await sync()).outcomes).toEqual(['unchanged']);
  });

  test('of slots that are not needed its own goes, what others own of it stays, and theirs is left alone', async () => {
    const apply = (name: string, manager: string, key: string) => {
      const labels = { [LABEL]: '' };
      const metadata = { name, namespace: NAMESPACE, labels };
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, binaryData: { [key]: 'AAAA' } };
      const by = ['apply', '--server-side', '--field-manager', manager, '-f', '-'];
      return api.kubectl(by, JSON.stringify(object));
    };
    await apply('signet-synced-signatures-14', 'signet-cluster-sync', 'a');
    await apply('signet-synced-signatures-15', 'signet-cluster-sync', 'a');
    await apply('signet-synced-signatures-15', 'somebody', 'b');
    await apply(SIXTEENTH, 'somebody', 'b');
    await apply('signatures-managed', 'somebody', 'b');
    const { configMaps } = await syncJson();
    expect(configMaps.map(({ name, outcome }) => [name.slice('signet-synced-signatures-'.length), outcome])).toEqual([
      ['1', 'created'],
      ['14', 'removed'],
      ['15', 'released'],
      ['16', 'foreign'],
    ]);
    const kept = await api.kubectl(['get', 'configmaps', '-n', NAMESPACE, '-o', 'jsonpath={.items[*].metadata.name}']);
    expect(kept.stdout.split(' ')).toEqual(['signatures-managed', FIRST, 'signet-synced-signatures-15', SIXTEENTH]);
    const rest = await api.kubectl(['get', 'configmap', 'signet-synced-signatures-15', '-n', NAMESPACE, '-o', 'json']);
    expect(JSON.parse(rest.stdout)).toMatchObject({ binaryData: { b: 'AAAA' } });
    expect(rest.stdout).not.toContain('"a"');
  });

  test.each<[string, string, readonly string[], object | undefined]>([
    ['reads another ConfigMap', 'GET', ['/configmaps/signatures-managed'], undefined],
    ['lists them', 'GET', ['/configmaps'], undefined],
    ['removes another', 'DELETE', ['/configmaps/signatures-managed'], undefined],
    ['changes another', 'PATCH', ['/configmaps/signatures-managed'], { data: { a: 'b' } }],
    ['makes one by POST, its own name too', 'POST', ['/configmaps'], { metadata: { name: FIRST } }],
    ['reads a Secret', 'GET', ['/secrets/a'], undefined],
  ])('nobody with the role that is shipped %s', async (_, method, [place = ''], body) => {
    const token = (await readFile(at('token'), 'utf8')).trim();
    const whole = body === undefined ? undefined : { apiVersion: 'v1', kind: 'ConfigMap', ...body };
    const { status } = await api.request(method, `/api/v1/namespaces/${NAMESPACE}${place}`, whole, token);
    expect(status).toBe(403);
  });

  test('who has no role is told so, and the token file is read anew', async () => {
    const folder = await mkdtemp(path.join(samples.scratch, 'user-'));
    const { user } = await toUser({ tokenFile: 'token' });
    await writeFile(path.join(folder, 'kubeconfig'), user);
    await writeFile(path.join(folder, 'token'), 'token-of-jane-in-the-test\n');
    const kubeconfig = ['--kubeconfig', path.join(folder, 'kubeconfig')];
    const denied = await sync(...kubeconfig);
    expect([denied.status, denied.stderr]).toEqual([3, expect.stringContaining('User "jane" cannot get')]);
    await writeFile(path.join(folder, 'token'), await readFile(at('token')));
    expect((await sync(...kubeconfig)).status).toBe(0);
  });

  test('a client certificate will do', async () => {
    const folder = await mkdtemp(path.join(samples.scratch, 'certificate-'));
    const names: readonly string[] = [];
    const issued = await issueCertificate(folder, api.authority, { file: 'client', commonName: 'carol', names });
    const bound = ['create', 'rolebinding', 'carol', '-n', NAMESPACE, '--role=signet-cluster-sync', '--user=carol'];
    expect((await api.kubectl(bound)).status).toBe(0);
    const data = async (file: string): Promise<string> => (await readFile(file)).toString('base64');
    const { user } = await toUser({ 'client-certificate-data': await data(issued.cert), 'client-key': issued.key });
    await writeFile(path.join(folder, 'kubeconfig'), user);
    const kubeconfig = ['--kubeconfig', path.join(folder, 'kubeconfig')];
    expect((await sync(...kubeconfig)).outcomes).toEqual(['created']);
  });

  test('a pod asks by the files of its service account', async () => {
    const folder = await mkdtemp(path.join(samples.scratch, 'pod-'));
    await cp(at('token'), path.join(folder, 'token'));
    await cp(api.authority.cert, path.join(folder, 'ca.crt'));
    const own = JSON.parse(await readFile(at('api/kubeconfig'), 'utf8')) as {
      readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
    };
    const { hostname, port } = new URL(own.clusters[0]?.cluster.server ?? '');
    const pod = await openClusterApi(toPodAccess(hostname, port, folder), {});
    const { signal } = new AbortController();
    const place = `/api/v1/namespaces/${NAMESPACE}/configmaps/${SIXTEENTH}`;
    expect((await pod.ask({ method: 'GET', path: place }, signal)).status).toBe(404);
    pod.close();
  });

  test('a server whose certificate the authorities of the kubeconfig did not sign is not talked to', async () => {
    const folder = await mkdtemp(path.join(samples.scratch, 'other-'));
    const own = JSON.parse(await readFile(at('kubeconfig-sync'), 'utf8')) as {
      readonly clusters: readonly { readonly cluster: object }[];
    };
    const cluster = { ...own.clusters[0]?.cluster, 'certificate-authority': api.frontProxyAuthority.cert };
    await writeFile(path.join(folder, 'kubeconfig'), JSON.stringify({ ...own, clusters: [{ name: 'one', cluster }] }));
    await cp(at('token'), path.join(folder, 'token'));
    const { status, stderr } = await sync('--kubeconfig', path.join(folder, 'kubeconfig'));
    expect([status, stderr]).toEqual([3, expect.stringContaining('certificate')]);
  });
});

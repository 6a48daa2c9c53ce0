import { hash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseStartOptions } from '../../../local/options.ts';
import { issueCertificate } from '../../apiserver/make-certificates.ts';
import { type ApiServer, findApiServer, startApiServer } from '../../apiserver/start-api-server.ts';
import { type RunningSignet, startSignet } from '../../apiserver/start-signet.ts';
import { findFreePort } from '../../support/find-free-port.ts';
import { FIXTURE_RELEASES, FIXTURE_STORE, FIXTURE_TRUST } from '../../support/fixture-releases.ts';
import { runSignet } from '../../support/run-signet.ts';

const programs = findApiServer();
const ROOT = path.join(import.meta.dirname, '../../..');
/** Kinds that OpenShift and its monitoring bring, of which there is no CRD here. */
const ELSEWHERE = ['Route', 'ServiceMonitor'];

interface Container {
  readonly image: string;
  readonly args: readonly string[];
}
interface PodTemplate {
  readonly spec: { readonly containers: readonly Container[] };
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template?: PodTemplate;
    readonly jobTemplate?: { readonly spec: { readonly template: PodTemplate } };
  };
}

describe.skipIf(programs === undefined)('deploy/kustomize, on a real API server', () => {
  let work: string;
  let api: ApiServer;
  const at = (...parts: readonly string[]): string => path.join(work, ...parts);

  beforeAll(async () => {
    if (programs === undefined) return;
    work = await mkdtemp(path.join(tmpdir(), 'signet-deploy-'));
    api = await startApiServer(programs, at('api'));
    // As the guide has it: a folder beside the clone, with the site's own trust.
    await mkdir(at('site/signet/deploy'), { recursive: true });
    await cp(path.join(ROOT, 'deploy/kustomize'), at('site/signet/deploy/kustomize'), { recursive: true });
    await cp(FIXTURE_TRUST, at('site/trust'), { recursive: true });
    // The namespace is there already, and not by `apply`.
    await api.kubectl(['apply', '--server-side', '-f', at('site/signet/deploy/kustomize/namespace/namespace.yaml')]);
    await api.kubectl(['annotate', 'namespace', 'signet', 'kubectl.kubernetes.io/last-applied-configuration={}']);
    await api.kubectl(['delete', 'configmap', 'signet-service-ca', '-n', 'signet']);
  }, 180_000);

  afterAll(async () => {
    await api?.close();
    if (work !== undefined) await rm(work, { recursive: true });
  });

  /** The folder of the guide, over another overlay of ours. */
  async function build(overlay: string): Promise<{ readonly text: string; readonly manifests: readonly Manifest[] }> {
    const guide = await readFile(path.join(ROOT, 'docs/guides/in-cluster.md'), 'utf8');
    const [, site = ''] = /```yaml\n(apiVersion: kustomize\.config[\s\S]*?)```/.exec(guide) ?? [];
    await writeFile(at('site/kustomization.yaml'), site.replace('overlays/service', overlay));
    const folder = overlay === 'overlays/service' ? at('site') : at('site/signet/deploy/kustomize', overlay);
    const { status, stdout, stderr } = await api.kubectl(['kustomize', folder]);
    if (status !== 0 || stderr !== '') throw new Error(stderr);
    return { text: stdout, manifests: parseAllDocuments(stdout).map((one) => one.toJS() as Manifest) };
  }

  /** Without the kinds that this API server does not know, which are said. */
  function without(kinds: readonly string[], text: string): string {
    const parts = text.split('\n---\n');
    return parts.filter((part) => !kinds.some((kind) => new RegExp(`^kind: ${kind}$`, 'm').test(part))).join('\n---\n');
  }

  test.each(['overlays/service', 'overlays/service-bucket', 'overlays/hub', 'overlays/bucket', 'webhooks'])(
    '%s is taken by the client and by the server, strictly and without a warning; again changes nothing',
    async (overlay) => {
      const { text } = await build(overlay);
      const taken = without(ELSEWHERE, text);
      if (taken !== text) process.stderr.write(`not run: ${ELSEWHERE.join(', ')} of ${overlay} on a real API server\n`);
      const seen: string[] = [];
      for (const mode of [[], [], ['--server-side'], ['--server-side']]) {
        const { status, stderr } = await api.kubectl(['apply', '--validate=strict', ...mode, '-f', '-'], taken);
        expect([overlay, mode, status, stderr]).toEqual([overlay, mode, 0, '']);
        const form = 'jsonpath={range .items[*]}{.metadata.resourceVersion} {end}';
        seen.push((await api.kubectl(['get', '-o', form, '-f', '-'], taken)).stdout);
      }
      // Who owns the fields goes over from the client to the server, once.
      expect([seen[0], seen[2]]).toEqual([seen[1], seen[3]]);
      // Not what would end only by a controller that is not here.
      const patch = ['patch', 'pvc', 'signet-data', '-n', 'signet', '--type', 'merge', '-p'];
      await api.kubectl([...patch, '{"metadata":{"finalizers":null}}']);
      await api.kubectl(['delete', '-f', '-'], without(['Namespace'], taken));
    },
  );

  test('the site names image and trust of every container', async () => {
    const { manifests } = await build('overlays/service');
    const templates = manifests.flatMap(({ spec }) => spec?.template ?? spec?.jobTemplate?.spec.template ?? []);
    const images = templates.flatMap((template) => template.spec.containers.map(({ image }) => image));
    expect(images).toEqual(['registry.example.com/tools/signet:0.2.0', 'registry.example.com/tools/signet:0.2.0']);
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toContain('ConfigMap signet-trust');
  });

  test('where objects are in a bucket, the service is told so and has its keys', async () => {
    const { manifests } = await build('overlays/service-bucket');
    const service = manifests.find(({ kind }) => kind === 'Deployment')?.spec.template?.spec.containers[0];
    expect(service).toMatchObject({ envFrom: [{ secretRef: { name: 'signet-bucket' } }] });
    // What they say is an option that the service takes.
    expect(parseStartOptions(service?.args.slice(1) ?? [])).toMatchObject({
      objects: 's3://signet-objects',
      data: '/data',
    });
  });

  test('the commands of the pods run: the service answers its probe, and the job feeds the cluster from it', async () => {
    const { manifests } = await build('overlays/hub');
    const argsOf = (kind: string, name: string): readonly string[] => {
      const found = manifests.find((one) => one.kind === kind && one.metadata.name === name)?.spec;
      return (found?.template ?? found?.jobTemplate?.spec.template)?.spec.containers[0]?.args ?? [];
    };
    const names = ['signet.signet.svc', '127.0.0.1'];
    const issued = await issueCertificate(work, api.authority, { file: 'tls', commonName: 'signet', names });
    await mountVolumes(issued.cert, issued.key);
    const port = await findFreePort();
    const [noun, ...serve] = argsOf('Deployment', 'signet').map((one) => toHere(one).replace('8443', String(port)));
    expect(noun).toBe('serve');
    // In the place of the profile's stores, which are not here.
    const signet: RunningSignet = await startSignet([...serve, '--store', FIXTURE_STORE]);
    try {
      expect(await probe(port, '/healthz')).toBe(200);
      const role = at('site/signet/deploy/kustomize/cluster-sync/role.yaml');
      await api.kubectl(['apply', '-f', role]);
      const token = await api.kubectl(['create', 'token', 'signet-cluster-sync', '-n', 'signet']);
      await writeKubeconfig(token.stdout);
      const sync = argsOf('CronJob', 'signet-cluster-sync').map((one) =>
        toHere(one).replace('signet.signet.svc', `127.0.0.1:${port}`),
      );
      const { status, stdout, stderr } = await runSignet(sync, {
        env: { KUBECONFIG: at('kubeconfig'), SIGNET_TOKEN_FILE: at('etc/auth/reader-token') },
      });
      expect([status, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toMatchObject({
        configMaps: [{ name: 'signet-synced-signatures-1', outcome: 'created' }],
      });
    } finally {
      await signet.stop();
    }
  });

  /** A path in a container, as it is here. */
  function toHere(arg: string): string {
    return arg.replace('/etc/signet/', `${at('etc')}/`).replace('=/data', `=${at('data')}`);
  }

  /** What the pods mount, as the kubelet lays it out: files are links to a folder that is replaced as a whole. */
  async function mountVolumes(cert: string, key: string): Promise<void> {
    const { frontProxyAuthority, authority } = api;
    await writeFile(at('reader-token'), 'token-of-the-job\n');
    await writeFile(at('tokens'), `reader:${hash('sha256', 'token-of-the-job')}\n`);
    const volumes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      'trust/ocp': { 'release-verification.yaml': path.join(FIXTURE_TRUST, 'ocp/release-verification.yaml') },
      tls: { 'tls.crt': cert, 'tls.key': key },
      admission: { 'clusters.json': path.join(ROOT, 'deploy/kustomize/components/admission/clusters.json') },
      'client-ca': { 'client-ca.pem': frontProxyAuthority.cert },
      'service-ca': { 'service-ca.crt': authority.cert },
      auth: { tokens: at('tokens'), 'reader-token': at('reader-token') },
    };
    for (const [volume, files] of Object.entries(volumes)) {
      await mkdir(at('etc', volume, '..2026_11_30'), { recursive: true });
      await symlink('..2026_11_30', at('etc', volume, '..data'));
      for (const [name, from] of Object.entries(files)) {
        await cp(from, at('etc', volume, '..2026_11_30', name));
        await symlink(`..data/${name}`, at('etc', volume, name));
      }
    }
    await mkdir(at('data/objects'), { recursive: true });
    await fillMirror();
  }

  async function fillMirror(): Promise<void> {
    const rendered = ['render', 'configmaps', '--from', FIXTURE_RELEASES, '--trust', FIXTURE_TRUST];
    const { stdout } = await runSignet(rendered);
    await writeFile(at('configmaps.yaml'), stdout);
    const to = ['--trust', FIXTURE_TRUST, '--to', at('data/objects')];
    const imported = await runSignet(['bundle', 'import', at('configmaps.yaml'), ...to]);
    expect(imported.status).toBe(0);
  }

  async function writeKubeconfig(token: string): Promise<void> {
    const own = JSON.parse(await readFile(at('api/kubeconfig'), 'utf8')) as object;
    await writeFile(
      at('kubeconfig'),
      JSON.stringify({ ...own, users: [{ name: 'admin', user: { token: token.trim() } }] }),
    );
  }

  async function probe(port: number, place: string): Promise<number | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const ca = await readFile(api.authority.cert);
    get({ host: '127.0.0.1', port, path: place, ca }, (response) => resolve(response.resume().statusCode)).on(
      'error',
      reject,
    );
    return await promise;
  }
});

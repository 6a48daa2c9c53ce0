import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addImage } from '../../cli/image/index.ts';
import { formatSignatureBlob } from '../../lib/crypto/sigstore/signature-blob.ts';
import type { KeyPair } from '../crypto/sigstore/make-certificate.ts';
import { makeSignature, OTHER_SIGNER, SIGNER, toPayload, toPem } from '../crypto/sigstore/make-signature.ts';
import { createSetup, OCI_MANIFEST } from '../registry/client/registry-setup.ts';
import { createScratch, DIGEST, MANIFEST, makeImageSigner, NAME } from '../registry/images/image-setup.ts';
import { callNoun, toOverridden } from '../support/run-signet.ts';
import { TEST_CA } from '../support/servers/start-server.ts';

const scratch = createScratch();
const setup = createSetup();
const signer = makeImageSigner();
const other = makeImageSigner();

let work = '';
beforeEach(async () => {
  work = await scratch.directory();
  await mkdir(path.join(work, 'etc/keys'), { recursive: true });
  await writeFile(path.join(work, 'etc/keys/good.gpg'), signer.certificate);
  await writeFile(path.join(work, 'etc/keys/other.gpg'), other.certificate);
});
afterEach(async () => {
  await scratch.remove();
  await setup.close();
});

const signet = (...args: readonly string[]) => callNoun(addImage, ['image', 'verify', ...args]);

async function write(name: string, content: unknown): Promise<string> {
  const file = path.join(work, name);
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

const signedBy = (key: string, signedIdentity: object = { type: 'exactRepository', dockerRepository: NAME }) => ({
  type: 'signedBy',
  keyType: 'GPGKeys',
  keyPath: `/etc/keys/${key}.gpg`,
  signedIdentity,
});

const sigstoreBy = ({ publicKey }: KeyPair) => ({
  type: 'sigstoreSigned',
  keyData: Buffer.from(toPem(publicKey)).toString('base64'),
  signedIdentity: { type: 'exactReference', dockerReference: `${NAME}:1` },
});

describe('signet image verify dir:', () => {
  test.each([
    ['by the key of the requirement', SIGNER, 0, /^accepted {2}dir:/],
    ['by another', OTHER_SIGNER, 1, /SignatureInvalid/],
  ])('a Sigstore signature %s', async (_, keys, status, text) => {
    const policy = await write('policy.json', { default: [sigstoreBy(SIGNER)] });
    const payload = toPayload(`${NAME}:1`, DIGEST);
    const image = await scratch.image([signer.sign(), formatSignatureBlob(makeSignature({ keys, payload }))]);
    const result = await signet(`dir:${image}`, '--policy', policy);
    expect([result.status, result.stdout]).toEqual([status, expect.stringMatching(text)]);
  });

  test('a scope that only nodes would apply is exit 2', async () => {
    const docker = { 'Registry.example.com:443/prod': [signedBy('other')] };
    const policy = await write('policy.json', { default: [signedBy('good')], transports: { docker } });
    const image = await scratch.image([signer.sign()]);
    await expect(signet(`dir:${image}`, '--policy', policy)).rejects.toThrow('write "registry.example.com/prod"');
  });

  test('a Sigstore key that is none: rejected, as on a node', async () => {
    const policy = await write('policy.json', { default: [{ type: 'sigstoreSigned', keyData: 'AAAA' }] });
    const image = await scratch.image([signer.sign()]);
    const result = await signet(`dir:${image}`, '--policy', policy);
    expect(result.stdout).toContain(
      'KeyringUnsatisfied: no signature satisfies the requirement: public key 1: expected',
    );
    expect(result.status).toBe(1);
  });

  test.each([
    ['a signature that holds', [signedBy('good')], 0, /^accepted {2}dir:/],
    ['a signature by another key', [signedBy('other')], 1, /KeyUnknown: no key of the keyring/],
    ['two requirements of which one fails', [signedBy('good'), signedBy('other')], 1, /^rejected/],
    ['a Sigstore signature that is not there', [sigstoreBy(SIGNER)], 1, /SignatureNotFound: a signature is required/],
    ['anything at all', [{ type: 'insecureAcceptAnything' }], 0, /warning {2}PolicyNotEvaluated: nothing was verified/],
  ])('%s', async (_, requirements, status, text) => {
    const policy = await write('policy.json', { default: requirements });
    const image = await scratch.image([signer.sign()]);
    const result = await signet(`dir:${image}`, '--policy', policy, '--root', work);
    expect(result.stdout).toMatch(text);
    expect(result.status).toBe(status);
  });

  test('says each requirement in JSON, and what applied', async () => {
    const image = await scratch.image([signer.sign()]);
    const policy = await write('policy.json', {
      default: [{ type: 'reject' }],
      transports: { dir: { [image]: [signedBy('good'), { type: 'insecureAcceptAnything' }] } },
    });
    const { status, stdout } = await signet(`dir:${image}`, '--policy', policy, '--root', work, '-o', 'json');
    expect(status).toBe(0);
    const report: unknown = JSON.parse(stdout);
    expect(report).toMatchObject({
      outcome: 'accepted',
      digest: DIGEST,
      scope: { transport: 'dir', scope: image },
      requirements: [
        { type: 'signedBy', outcome: 'accepted', attempts: [{ code: 'Verified' }] },
        { type: 'insecureAcceptAnything', outcome: 'accepted', warnings: [{ code: 'PolicyNotEvaluated' }] },
      ],
    });
    expect(report).not.toHaveProperty('examined');
  });

  test('shows what a terminal would obey as text', async () => {
    const image = await scratch.image([signer.sign({ reference: 'a\u001b[2J' })]);
    const policy = await write('policy.json', { default: [signedBy('good')] });
    const { stdout } = await signet(`dir:${image}`, '--policy', policy, '--root', work);
    expect(stdout).toContain('IdentityMismatch');
    expect(stdout).not.toContain('\u001b[2J');
  });

  test.each([
    ['a policy with an unknown field', { default: [{ type: 'reject', x: 1 }] }, /default\[0\]\.x/],
    ['a policy without default', {}, /default/],
    ['a key that is not there', { default: [signedBy('none')] }, /etc\/keys\/none\.gpg/],
  ])('refuses %s, by its place', async (_, policy, text) => {
    const file = await write('policy.json', policy);
    const image = await scratch.image([signer.sign()]);
    await expect(signet(`dir:${image}`, '--policy', file, '--root', work)).rejects.toThrow(text);
  });

  test('a key file that is none: rejected, by the name that the policy gives it', async () => {
    await writeFile(path.join(work, 'etc/keys/good.gpg'), 'junk');
    const policy = await write('policy.json', { default: [signedBy('good')] });
    const image = await scratch.image([signer.sign()]);
    const result = await signet(`dir:${image}`, '--policy', policy, '--root', work);
    expect(result.stdout).toContain('KeyringUnsatisfied: no signature satisfies the requirement');
    expect(result.stdout).toContain('keyPath /etc/keys/good.gpg');
    expect(result.status).toBe(1);
  });
});

describe('signet image verify docker://', () => {
  async function start(signatures: readonly Uint8Array[]) {
    const asked: string[] = [];
    const server = await setup.serve((request, response) => {
      const url = request.url ?? '';
      asked.push(url);
      const index = /^\/sigs\/signet\/app@sha256=[0-9a-f]{64}\/signature-([0-9]+)$/.exec(url)?.[1];
      if (index !== undefined) {
        const signature = signatures[Number(index) - 1];
        response.writeHead(signature === undefined ? 404 : 200).end(signature);
      } else if (url === '/v2/signet/app/manifests/1') {
        response.setHeader('content-type', OCI_MANIFEST).end(MANIFEST);
      } else response.writeHead(404).end();
    }, 'https');
    await mkdir(path.join(work, 'registries.d'));
    await write('registries.d/empty.yaml', '# nothing\n');
    await write('registries.d/test.yaml', `docker:\n  "${server.host}":\n    lookaside: https://${server.host}/sigs\n`);
    const identity = { type: 'exactRepository', dockerRepository: NAME };
    const policy = await write('policy.json', {
      default: [{ type: 'reject' }],
      transports: { docker: { [`${server.host}/signet`]: [signedBy('good', identity)] } },
    });
    const trusted = ['--tls-ca', await write('ca.pem', TEST_CA), '--allow-private-stores'];
    const common = ['--policy', policy, '--root', work, '--registries-d', path.join(work, 'registries.d'), ...trusted];
    return { host: server.host, asked, common };
  }

  test('reads the manifest, and signatures where registries.d says', async () => {
    const { host, asked, common } = await start([other.sign(), signer.sign()]);
    const { status, stdout } = await signet(`docker://${host}/signet/app:1`, ...common);
    expect(stdout).toMatch(/^accepted/);
    expect(status).toBe(0);
    const segment = `/sigs/signet/app@${DIGEST.replace(':', '=')}`;
    // At `/v2/` the registry says whether it has the signature extension.
    const signatures = [`${segment}/signature-1`, `${segment}/signature-2`, `${segment}/signature-3`];
    // Nodes read all signatures: whether they can pull the image is the second answer.
    expect(asked).toEqual(['/v2/signet/app/manifests/1', '/v2/', ...signatures.slice(0, 2), ...signatures]);
  });

  test('rejects what is not signed', async () => {
    const { host, common } = await start([]);
    const { status, stdout } = await signet(`docker://${host}/signet/app:1`, ...common);
    expect(stdout).toContain('SignatureNotFound');
    expect(status).toBe(1);
  });

  test('leaves a tag open that does not exist, and says so', async () => {
    const { host, common } = await start([signer.sign()]);
    const { status, stdout } = await signet(`docker://${host}/signet/app:2`, ...common);
    expect(stdout).toContain('StoreUnavailable');
    expect(status).toBe(3);
    expect(stdout).toContain(`${host} has no tag 2 in ${host}/signet/app: https://`);
    expect(stdout).toContain('→ the registry answered, and does not have it');
    expect(stdout).not.toMatch(/retry/);
  });

  test('contacts nothing for an image that the policy rejects', async () => {
    const { host, asked, common } = await start([signer.sign()]);
    const { status } = await signet(`docker://${host}/elsewhere/app:1`, ...common);
    expect([status, asked]).toEqual([1, []]);
  });

  test('a private address is not contacted unasked', async () => {
    const { host, asked, common } = await start([signer.sign()]);
    const { status } = await signet(
      `docker://${host}/signet/app:1`,
      ...common.filter((option) => option !== '--allow-private-stores'),
    );
    expect([status, asked]).toEqual([3, []]);
  });

  test('an empty registries.d is no lookaside, and no fault', async () => {
    const { host, asked, common } = await start([signer.sign()]);
    await mkdir(path.join(work, 'none'));
    const { status, stdout } = await signet(
      `docker://${host}/signet/app:1`,
      ...toOverridden(common, ['--registries-d']),
      '--registries-d',
      path.join(work, 'none'),
    );
    expect([status, asked]).toEqual([1, ['/v2/signet/app/manifests/1', '/v2/']]);
    expect(stdout).toMatch(/^rejected/);
  });

  test('a folder with other files alone is a wrong call', async () => {
    const { host, common } = await start([]);
    await mkdir(path.join(work, 'other'));
    await write('other/default.yml', 'docker: {}\n');
    await expect(
      signet(
        `docker://${host}/signet/app:1`,
        ...toOverridden(common, ['--registries-d']),
        '--registries-d',
        path.join(work, 'other'),
      ),
    ).rejects.toMatchObject({ code: 'ArgumentInvalid' });
  });
});

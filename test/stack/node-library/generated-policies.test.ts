import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { formatSignatureBlob } from '../../../lib/crypto/sigstore/signature-blob.ts';
import type { ImageSource } from '../../../lib/registry/images/image-source.ts';
import { openDirectoryImage } from '../../../lib/registry/images/open-local-image.ts';
import type { ImagePolicy } from '../../../lib/trust/policy/image-policy.ts';
import { parsePolicyJson } from '../../../lib/trust/policy/parse-policy-json.ts';
import type { KeySource } from '../../../lib/trust/policy/policy-requirement.ts';
import { decideByPolicy } from '../../../lib/verdict/decide/decide-by-policy.ts';
import { makeKeys } from '../../crypto/sigstore/make-certificate.ts';
import { makeSignature, toPayload, toPem } from '../../crypto/sigstore/make-signature.ts';
import { writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../fixtures/make/message-writer.ts';
import { KEY_CREATED, writePayload } from '../../fixtures/make/payload.ts';
import { makeRsaKey } from '../../fixtures/make/signing-key.ts';
import { Draw } from '../../fuzz/draw.ts';
import { toDigest } from '../../registry/client/registry-setup.ts';
import { findTool } from '../../support/tools.ts';
import { startOracle } from './ask-oracle.ts';
import { drawPolicy, type PolicyKeys, REFERENCES } from './policy-generator.ts';

const NOW = new Date('2026-11-22T00:00:00Z');
/** Of a run that is longer: `SIGNET_POLICY_CASES=60000 SIGNET_POLICY_SEED=18`. */
const CASES = Number(process.env['SIGNET_POLICY_CASES'] ?? '3000');
const SEED = Number(process.env['SIGNET_POLICY_SEED'] ?? '17');
const IMAGES = 40;

const program = findTool('node-library');
const work = await mkdtemp(path.join(tmpdir(), 'signet-policies-'));
afterAll(() => rm(work, { recursive: true }));

const gpg = [1, 2, 3].map((number) => {
  const primary = makeRsaKey(2048, KEY_CREATED);
  return { primary, certificate: writeCertificate({ primary, userId: `policy ${number}` }) };
});
const cosign = [makeKeys(), makeKeys(), makeKeys('secp384r1')];
const signed = { gpg: gpg.slice(0, 2), cosign: cosign.slice(0, 2) };
const toData = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
const keys: PolicyKeys = {
  gpgFiles: ['gpg-0.gpg', 'gpg-1.gpg', 'gpg-0.gpg', 'gpg-1.gpg', 'gpg-2.gpg', 'junk', 'absent'],
  gpgData: [...gpg.map(({ certificate }) => toData(certificate)), toData('junk')],
  pemFiles: ['cosign-0.pub', 'cosign-1.pub', 'cosign-0.pub', 'cosign-1.pub', 'cosign-2.pub', 'junk', 'absent'],
  pemData: [...cosign.map(({ publicKey }) => toData(toPem(publicKey))), toData('junk')],
};

interface Written {
  readonly folder: string;
  readonly digest: string;
  readonly source: ImageSource;
  /** The names that its signatures are for. */
  readonly signedFor: readonly string[];
}

/** An image with signatures that both readers can parse: by trusted and other keys, for this and other images. */
async function writeImage(draw: Draw, number: number): Promise<Written> {
  const folder = path.join(work, `image-${number}`);
  await mkdir(folder);
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', size: 2, digest: toDigest(`${number}`) };
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });
  const digest = toDigest(manifest);
  await writeFile(path.join(folder, 'version'), 'Directory Transport Version: 1.1\n');
  await writeFile(path.join(folder, 'manifest.json'), manifest);
  const signedFor: string[] = [];
  for (let index = draw.below(6); index > 0; index--) {
    const reference = draw.pick(REFERENCES).replace('%', digest);
    signedFor.push(reference);
    const about = draw.once(6) ? toDigest('another image') : digest;
    const bytes = draw.once(2)
      ? writeRelease(
          signMessage(draw.pick(signed.gpg).primary, { content: writePayload({ digest: about, reference }) }),
        )
      : formatSignatureBlob(makeSignature({ keys: draw.pick(signed.cosign), payload: toPayload(reference, about) }));
    // In order and without gaps: a reader stops at the first number that is missing.
    await writeFile(path.join(folder, `signature-${index}`), bytes);
  }
  return { folder, digest, source: await openDirectoryImage(folder), signedFor };
}

function readPolicy(text: string): ImagePolicy | undefined {
  try {
    return parsePolicyJson('policy.json', text);
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}

async function readKeys(source: KeySource): ReturnType<typeof readFile> {
  return source.kind === 'data' ? Buffer.from(source.bytes) : await readFile(path.join(work, source.path));
}

async function askSignet(policy: ImagePolicy, { source }: Written, reference: string): Promise<string> {
  try {
    const { outcome } = await decideByPolicy({
      source: { ...source, image: { transport: 'docker', reference: parseDockerReference(reference) } },
      policy,
      keys: async (one) => (await prepareKeyring('generated', Buffer.from(await readKeys(one)))).keyring,
      sigstore: { readFile: (file) => readFile(path.join(work, file)), bundleIdentity: 'refuse' },
      now: NOW,
      signal: new AbortController().signal,
    });
    return outcome;
  } catch (error) {
    // A key file that is not there ends the command line; to nodes the image is refused.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR'))
      return 'no key file';
    throw error;
  }
}

describe.skipIf(program === undefined)('generated policies beside the library of nodes', () => {
  beforeAll(async () => {
    for (const [at, { certificate }] of gpg.entries()) await writeFile(path.join(work, `gpg-${at}.gpg`), certificate);
    for (const [at, { publicKey }] of cosign.entries())
      await writeFile(path.join(work, `cosign-${at}.pub`), toPem(publicKey));
    await writeFile(path.join(work, 'junk'), 'junk');
  });

  test(
    `${CASES} of seed ${SEED}: nothing is accepted that nodes refuse, and nothing refused that they accept`,
    {
      timeout: 3_600_000,
    },
    async () => {
      const images: Written[] = [];
      for (let number = 0; number < IMAGES; number++) images.push(await writeImage(new Draw(SEED, 1, number), number));
      const oracle = startOracle(program ?? '', work);
      const counts = { accepted: 0, refused: 0, unread: 0 };
      const wrong: string[] = [];
      const needless: string[] = [];
      for (let iteration = 0; iteration < CASES; iteration++) {
        const draw = new Draw(SEED, 2, iteration);
        const text = drawPolicy(draw, keys);
        const image = draw.pick(images);
        const names = image.signedFor.length > 0 && !draw.once(4) ? image.signedFor : REFERENCES;
        const reference = draw.pick(names).replace('%', image.digest);
        const bytes = Buffer.from(text);
        const answered = oracle.ask({ operation: 'evaluate', bytes, directory: image.folder, reference });
        const policy = readPolicy(text);
        const outcome = policy === undefined ? 'unread' : await askSignet(policy, image, reference);
        const { error, output } = await answered;
        const shown = `${iteration} ${reference} ${outcome}, nodes: ${error || 'accepted'}: ${text.slice(0, 600)}`;
        if (outcome === 'accepted' && error !== '') wrong.push(shown);
        if (outcome !== 'accepted' && error === '') needless.push(shown);
        // Which policies load is the same question, asked before any signature is read.
        if (policy === undefined && output?.['stage'] !== 'policy') needless.push(`does not load: ${shown}`);
        if (policy !== undefined && output?.['stage'] === 'policy') wrong.push(`loads: ${shown}`);
        counts[outcome === 'accepted' ? 'accepted' : policy === undefined ? 'unread' : 'refused'] += 1;
      }
      oracle.close();
      process.stdout.write(
        `${JSON.stringify({ cases: CASES, seed: SEED, ...counts, wrong: wrong.length, needless: needless.length })}\n`,
      );
      expect(wrong.slice(0, 5)).toEqual([]);
      expect(needless.slice(0, 5)).toEqual([]);
      // A generator that is all of one kind proves little.
      expect(Math.min(counts.accepted, counts.refused, counts.unread)).toBeGreaterThan(CASES / 50);
    },
  );
});

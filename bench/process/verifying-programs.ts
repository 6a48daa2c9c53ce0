import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { buildCli } from '../../scripts/build-cli.ts';
import { bundleStored } from '../../scripts/release/bundle-stored.ts';
import { buildSingleFile, PLATFORMS } from '../../scripts/release/single-file.ts';
import { writeArmor } from '../../test/fixtures/make/armor-writer.ts';
import { writeCertificate } from '../../test/fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../test/fixtures/make/message-writer.ts';
import { oldPacket, PACKET } from '../../test/fixtures/make/packet-writer.ts';
import { KEY_CREATED, RELEASE_REPOSITORY, toDigest, writePayload } from '../../test/fixtures/make/payload.ts';
import { makeRsaKey } from '../../test/fixtures/make/signing-key.ts';

const CLI = path.join(import.meta.dirname, '../../cli');

/** What is signed: skopeo recalculates its digest, the others take the signature's word. */
const MANIFEST = 'signet bench manifest';
export const REFERENCE = `${RELEASE_REPOSITORY}:4.99.0-x86_64`;

/** One RSA-4096 release signature, and all that the programs want to verify it. */
export interface SignedRelease {
  readonly fingerprint: string;
  /** Path of a file of it. */
  readonly at: (name: ReleaseFile) => string;
}

type ReleaseFile =
  | 'keys.asc'
  | 'keys.gpg'
  | 'manifest'
  | 'payload'
  | 'payload.sig'
  | 'signature-1'
  | 'prepared.json'
  | 'gnupg'
  | 'cli'
  | 'signet'
  | 'single';

/** A program that verifies the release and ends with status 0; why not, where it cannot run here. */
export type Contender =
  | {
      readonly kind: 'program';
      readonly program: string;
      readonly args: readonly string[];
      readonly env?: NodeJS.ProcessEnv;
    }
  | { readonly kind: 'missing'; readonly reason: string };

/** Signs a release with a key of this run. @param scratch a directory that is there */
export async function writeSignedRelease(scratch: string): Promise<SignedRelease> {
  const at = (name: ReleaseFile): string => path.join(scratch, name);
  const primary = makeRsaKey(4096, KEY_CREATED);
  const certificate = writeCertificate({ primary, userId: 'Signet bench' });
  const armored = writeArmor(certificate, { type: 'PUBLIC KEY BLOCK' });
  const content = writePayload({ digest: toDigest(MANIFEST), reference: REFERENCE });
  const message = signMessage(primary, { content });
  const trust = await prepareTrust('ocp', [{ name: 'release-verification.json', bytes: toConfigMap(armored) }]);
  const files: readonly (readonly [ReleaseFile, string | Uint8Array])[] = [
    ['keys.asc', armored],
    ['keys.gpg', certificate],
    ['manifest', MANIFEST],
    ['payload', content],
    // A signature over a document is the same detached.
    ['payload.sig', oldPacket(PACKET.signature, message.signature)],
    ['signature-1', writeRelease(message)],
    ['prepared.json', JSON.stringify(trust)],
  ];
  for (const [name, bytes] of files) await writeFile(at(name), bytes);
  return { fingerprint: primary.fingerprint.toUpperCase(), at };
}

/** `signet signature verify` as it is built and as one file, each with a certificate file and with prepared trust, and as a clone has it. */
export async function listOurPrograms({ at }: SignedRelease): Promise<{
  readonly built: Contender;
  readonly prepared: Contender;
  readonly single: Contender;
  readonly singlePrepared: Contender;
  readonly launcher: Contender;
  readonly source: Contender;
}> {
  const program = await buildCli(at('cli'));
  const single = await buildSingle(at('signet'), at('single'));
  const command = (...keys: readonly string[]): readonly string[] => [
    'signature',
    'verify',
    at('signature-1'),
    ...keys,
  ];
  const verify = (main: string, ...keys: readonly string[]): Contender => ({
    kind: 'program',
    program: process.execPath,
    args: [main, ...command(...keys)],
  });
  const verifySingle = (...keys: readonly string[]): Contender =>
    single.kind === 'missing' ? single : { ...single, args: command(...keys) };
  const keys = ['--keyring', at('keys.asc')];
  const prepared = ['--prepared', at('prepared.json')];
  return {
    built: verify(program, ...keys),
    prepared: verify(program, ...prepared),
    single: verifySingle(...keys),
    singlePrepared: verifySingle(...prepared),
    launcher: verify(path.join(CLI, 'signet.js'), ...keys),
    source: verify(path.join(CLI, 'shell/main.ts'), ...keys),
  };
}

/** The single file of a release for this machine. */
async function buildSingle(output: string, scratch: string): Promise<Contender> {
  const host = PLATFORMS.find((platform) => platform === `${process.platform}-${process.arch}`);
  if (host === undefined) return { kind: 'missing', reason: 'a release has no single file for this platform' };
  await mkdir(scratch);
  await buildSingleFile(await bundleStored('node24'), host, output, scratch);
  return { kind: 'program', program: output, args: [] };
}

function toConfigMap(armored: string): Uint8Array {
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace: 'openshift-config-managed',
      name: 'release-verification',
      annotations: { 'release.openshift.io/verification-config-map': '' },
    },
    data: { 'store-bench': 'https://signatures.fixture.invalid/signatures', 'verifier-public-key-bench': armored },
  };
  return Buffer.from(JSON.stringify(configMap));
}

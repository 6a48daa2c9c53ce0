import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PacketTag, readPacket } from '../../lib/openpgp/packet-reader.ts';
import { prepareTrust } from '../../lib/trust/prepare-trust.ts';
import { buildCli } from '../../scripts/build-cli.ts';
import { decodeArmoredKeys } from '../../lib/openpgp/armor.ts';
import { writeArmor } from '../../test/fixtures/make/armor-writer.ts';
import { writeCertificate } from '../../test/fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../test/fixtures/make/message-writer.ts';
import { KEY_CREATED, RELEASE_REPOSITORY, toDigest, writePayload } from '../../test/fixtures/make/payload.ts';
import { makeRsaKey } from '../../test/fixtures/make/signing-key.ts';
import { findProgram } from '../peers/find-program.ts';

/** A program that verifies one RSA-4096 release signature and ends with status 0. */
export interface VerifyingProgram {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Why it cannot run here. */
export interface MissingProgram {
  readonly missing: string;
}

export type Contender = VerifyingProgram | MissingProgram;

export interface Contenders {
  readonly bareNode: VerifyingProgram;
  /** The built command line, with a certificate file and with prepared trust; then as it lies in a clone. */
  readonly built: VerifyingProgram;
  readonly builtPrepared: VerifyingProgram;
  readonly launcher: VerifyingProgram;
  readonly source: VerifyingProgram;
  readonly skopeo: Contender;
  readonly gpgv: Contender;
  readonly sqv: Contender;
}

const CLI = path.join(import.meta.dirname, '../../cli');
const REFERENCE = `${RELEASE_REPOSITORY}:4.99.0-x86_64`;
/** What is signed: skopeo recalculates its digest, the others take the signature's word. */
const MANIFEST = 'signet bench manifest';

/** Makes a key, a signature and what each program needs of them, in a directory that is there. */
export async function makeContenders(scratch: string): Promise<Contenders> {
  const at = (name: string): string => path.join(scratch, name);
  const primary = makeRsaKey(4096, KEY_CREATED);
  const certificate = writeCertificate({ primary, userId: 'Signet bench' });
  const armored = writeArmor(certificate, { type: 'PUBLIC KEY BLOCK' });
  const content = writePayload({ digest: toDigest(MANIFEST), reference: REFERENCE });
  const message = signMessage(primary, { content });
  await writeFile(at('keys.asc'), armored);
  await writeFile(at('keys.gpg'), certificate);
  await writeFile(at('manifest'), MANIFEST);
  await writeFile(at('signature-1'), writeRelease(message));
  await writeFile(at('prepared.json'), await prepare(armored));
  const verify = ['signature', 'verify', at('signature-1')];
  const withKeys = [...verify, '--keyring', at('keys.asc')];
  const node = (...args: readonly string[]): VerifyingProgram => ({ program: process.execPath, args });
  const built = await buildCli(at('cli'));
  return {
    bareNode: node('-e', '0'),
    built: node(built, ...withKeys),
    builtPrepared: node(built, ...verify, '--prepared', at('prepared.json')),
    launcher: node(path.join(CLI, 'signet.js'), ...withKeys),
    source: node(path.join(CLI, 'main.ts'), ...withKeys),
    skopeo: await makeSkopeo(at),
    gpgv: makeGpgv(at),
    sqv: await makeSqv(at, message, content),
  };
}

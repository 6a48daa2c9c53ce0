import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readKey, readMessage, verify } from 'openpgp';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { parseRepository } from '../../lib/base/names/reference.ts';
import { type IndexedKeyring, indexKeyring } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { evaluateSignature } from '../../lib/verdict/judge/keyring-requirement.ts';
import { RELEASE_DIGEST, RELEASE_REPOSITORY } from '../../test/fixtures/make/payload.ts';
import type { Effort } from '../effort.ts';
import { buildLibraryGoCore, type LibraryGoCore } from '../peers/library-go-core.ts';
import { opensslVerifyRates } from '../peers/openssl-speed.ts';
import { processorRate } from '../peers/processor-rate.ts';
import { type Goal, median, medianOf, type Row } from '../row.ts';

interface SignatureKind {
  readonly id: string;
  readonly name: string;
  readonly message: string;
  readonly keys: string;
  /** As `openssl speed` calls the key. */
  readonly openssl: string;
  readonly isVersion3?: boolean;
  /** Of openssl's rate, and of the rate of library-go's core; undefined: there is no goal. */
  readonly goals?: { readonly openssl: number; readonly libraryGo: number };
}

const FIXTURES = path.join(import.meta.dirname, '../../test/fixtures/openpgp');
const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
const EFFORTS = { full: { rounds: 5, ms: 1000 }, quick: { rounds: 1, ms: 200 } } as const;
const RSA4096 = { keys: 'rsa4096', openssl: 'rsa4096', goals: { openssl: 0.8, libraryGo: 1.5 } } as const;
const P256 = { keys: 'p256', openssl: 'ecdsap256', goals: { openssl: 0.6, libraryGo: 0.9 } } as const;

const KINDS: readonly SignatureKind[] = [
  { id: 'rsa4096-v4', name: 'RSA-4096, version 4', message: 'rsa4096', ...RSA4096 },
  { id: 'rsa4096-v3', name: 'RSA-4096, version 3', message: 'rsa4096-v3', ...RSA4096, isVersion3: true },
  { id: 'rsa3072', name: 'RSA-3072', message: 'rsa3072-gpg', keys: 'rsa3072', openssl: 'rsa3072' },
  { id: 'p256', name: 'P-256', message: 'p256', ...P256 },
  { id: 'ed25519', name: 'Ed25519', message: 'ed25519-gpg', keys: 'ed25519', openssl: 'ed25519' },
];

/** Full verification in process, one core: bytes in, result out, nothing kept between runs but the prepared keys. */
export async function measureVerification(effort: Effort): Promise<readonly Row[]> {
  const core = await buildLibraryGoCore();
  const rows: Row[] = [];
  for (const kind of KINDS) rows.push(await measureKind(kind, core, effort));
  if (core.kind === 'built') await core.remove();
  return rows;
}

async function measureKind(kind: SignatureKind, core: LibraryGoCore, effort: Effort): Promise<Row> {
  const { rounds, ms } = EFFORTS[effort];
  const bytes = readFileSync(messageFile(kind));
  const armored = readFileSync(keyFile(kind));
  const ours = toVerifier(bytes, indexKeyring((await prepareKeyring('bench', armored)).keyring));
  const openpgpjs = kind.isVersion3 === true ? undefined : await toOpenpgpjsVerifier(bytes, armored.toString());
  const rates = { ours: [] as number[], openssl: [] as number[], openpgpjs: [] as number[], core: [] as number[] };
  let coreMissing = core.kind === 'missing' ? core.reason : undefined;
  // Taken in turn, so that a machine that changes its speed changes it for all.
  for (let round = 0; round < rounds; round++) {
    rates.ours.push(await processorRate(ms, ours));
    rates.openssl.push(...opensslVerifyRates(kind.openssl));
    if (openpgpjs !== undefined) rates.openpgpjs.push(await processorRate(ms, openpgpjs));
    if (core.kind === 'missing' || coreMissing !== undefined) continue;
    const measured = await core.measure({
      keyFile: keyFile(kind),
      messageFile: messageFile(kind),
      digest: RELEASE_DIGEST,
      seconds: ms / 1000,
    });
    if ('rate' in measured) rates.core.push(measured.rate);
    else coreMissing = measured.missing;
  }
  return {
    id: `verify-${kind.id}`,
    name: `verify one release signature, ${kind.name}`,
    unit: '/s',
    ours: median(rates.ours),
    beside: `openssl speed ${kind.openssl}, verify (limit)`,
    theirs: medianOf(rates.openssl),
    missing: 'there is no openssl',
    goal: toGoal(kind.goals?.openssl),
    others: [
      {
        beside: 'library-go’s core (Go)',
        theirs: medianOf(rates.core),
        missing: coreMissing,
        goal: toGoal(kind.goals?.libraryGo),
      },
      {
        beside: 'openpgp.js',
        theirs: medianOf(rates.openpgpjs),
        missing: kind.isVersion3 === true ? 'it reads no version 3 signature' : undefined,
      },
    ],
  };
}

function toGoal(ratio: number | undefined): Goal | undefined {
  return ratio === undefined ? undefined : { kind: 'at least', ratio };
}

function toVerifier(bytes: Uint8Array, keyring: IndexedKeyring): () => void {
  const digest = parseDigest(RELEASE_DIGEST);
  const signature = { store: 'bench', location: 'bench', untrustedBytes: bytes };
  const prepared = { signedRepository: 'enforce', signedRepositories: [parseRepository(RELEASE_REPOSITORY)] } as const;
  return () => {
    const { verified } = evaluateSignature(signature, digest, { prepared, keyrings: [keyring] }, NOW);
    if (verified.length !== 1) throw new Error('the signature does not verify');
  };
}

async function toOpenpgpjsVerifier(bytes: Uint8Array, armoredKey: string): Promise<() => Promise<void>> {
  const verificationKeys = await readKey({ armoredKey });
  const date = new Date(NOW * 1000);
  return async () => {
    const message = await readMessage({ binaryMessage: new Uint8Array(bytes) });
    const { signatures } = await verify({ message, verificationKeys, format: 'binary', date });
    if (signatures.length !== 1) throw new Error('openpgp.js sees no signature');
    await signatures[0]?.verified;
  };
}

function messageFile({ message }: SignatureKind): string {
  return path.join(FIXTURES, 'messages', message);
}

function keyFile({ keys }: SignatureKind): string {
  return path.join(FIXTURES, 'keys', `${keys}.asc`);
}
